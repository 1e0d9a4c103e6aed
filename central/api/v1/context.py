"""What the handlers of central's interface share: finding what the path names, and the schemas of what is shown."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import Field

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_account, virtual_accounts
from central.runtime import Central
from chassis.api.operations import (
    ANYTHING,
    FLAG,
    OPTIONAL,
    OPTIONAL_TIME,
    PLAIN,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    Asked,
    Page,
    Strict,
    object_of,
)

Call: TypeAlias = Asked[Central]
BASE = "/api/v1/"
ACCOUNT_PATH = f"{BASE}smart-accounts/{{account}}"


class PoolPage(Page):
    """A page, of one virtual account where it is named."""

    virtual_account: str | None = Field(default=None, max_length=255, pattern=PLAIN)


class Nothing(Strict):
    """An empty object."""


def account_of(call: Call) -> SmartAccount:
    """The account that the path names."""
    return by_domain(call.unit, call.path["account"])


def pool_of(call: Call, name: str) -> VirtualAccount:
    """A virtual account of the account that the path names."""
    return virtual_account(call.unit, account_of(call).id, name)


def chosen_pool(call: Call) -> str | None:
    """The id of the virtual account that the query names, or None."""
    name = call.query.virtual_account
    return pool_of(call, name).id if name is not None else None


def names(call: Call) -> dict[str, str]:
    """Names by id of the virtual accounts that may be seen."""
    return {row.id: row.name for row in virtual_accounts(call.unit, account_of(call).id)}


def _items(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": entry}


ACCOUNT = object_of(
    id=TEXT, number=WHOLE, domain=TEXT, name=TEXT, export_allowed=FLAG, agreement_version={"type": ["integer", "null"]}
)
VIRTUAL_ACCOUNT = object_of(id=TEXT, number=WHOLE, name=TEXT, description=TEXT, default=FLAG, satellite=OPTIONAL)
TOKEN = object_of(
    id=TEXT,
    virtual_account=TEXT,
    description=TEXT,
    created_at=TIME,
    created_by=TEXT,
    expires_at=TIME,
    uses=WHOLE,
    max_uses={"type": ["integer", "null"]},
    export_controlled=FLAG,
    state=TEXT,
)
LICENCE = object_of(
    virtual_account=TEXT,
    tag=TEXT,
    name=TEXT,
    types=TEXTS,
    billing=TEXT,
    purchased=WHOLE,
    pending=WHOLE,
    in_use=WHOLE,
    reserved=WHOLE,
    balance=WHOLE,
    status=TEXT,
)
INSTANCE = object_of(
    id=TEXT,
    name=TEXT,
    pid=TEXT,
    serial=TEXT,
    uuid=OPTIONAL,
    product=OPTIONAL,
    virtual_account=TEXT,
    satellite=OPTIONAL,
    registered_at=TIME,
    last_contact=TIME,
    state=TEXT,
    licences=_items(object_of(tag=TEXT, count=WHOLE, state=TEXT)),
)
ALERT = object_of(
    id=TEXT,
    kind=TEXT,
    severity=TEXT,
    message=TEXT,
    source=TEXT,
    raised_at=TIME,
    action_due=OPTIONAL_TIME,
    remind_at=OPTIONAL_TIME,
    actions=TEXTS,
    state=TEXT,
    subject=ANYTHING,
)
EVENT = object_of(id=TEXT, at=TIME, kind=TEXT, actor=TEXT, message=TEXT, subject=ANYTHING)
SATELLITE = object_of(
    id=TEXT, name=TEXT, state=TEXT, virtual_accounts=TEXTS, instances=WHOLE, epoch=WHOLE, last_sync=OPTIONAL_TIME
)
ENTITLEMENT = object_of(kind=TEXT, tag=TEXT, name=TEXT, description=TEXT, restricted=FLAG, family=TEXT)
DONE = object_of(done=FLAG)
GIVEN = object_of(id=TEXT, name=TEXT, role=TEXT, account=OPTIONAL)
USER = object_of(id=TEXT, name=TEXT, role=TEXT, account=OPTIONAL, virtual_account=OPTIONAL)
API_TOKEN = object_of(
    id=TEXT,
    user=TEXT,
    scope=TEXT,
    addresses=TEXTS,
    description=TEXT,
    created_at=TIME,
    expires_at=TIME,
    last_used=OPTIONAL_TIME,
    state=TEXT,
)
API_CLIENT = object_of(id=TEXT, user=TEXT, created_at=TIME, revoked=FLAG)
MAIL = object_of(
    id=TEXT,
    at=TIME,
    kind=TEXT,
    to=OPTIONAL,
    subject=OPTIONAL,
    state=TEXT,
    attempts=WHOLE,
    sent_at=OPTIONAL_TIME,
    next_attempt=OPTIONAL_TIME,
    last_error=OPTIONAL,
)
JOB = object_of(id=TEXT, name=TEXT, every_seconds=WHOLE, slot=TEXT, description=TEXT)
TRANSACTION = object_of(
    id=TEXT,
    at=TIME,
    type=TEXT,
    tag=TEXT,
    count=WHOLE,
    virtual_account=TEXT,
    source=TEXT,
    action=TEXT,
    user=TEXT,
    expiry=OPTIONAL_TIME,
)
