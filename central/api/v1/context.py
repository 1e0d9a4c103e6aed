"""What the handlers of central's interface share: finding what the path names, and the schemas of what is shown."""

from __future__ import annotations

from typing import TypeAlias

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_account, virtual_accounts
from central.runtime import Central
from serverkit.http.operations import (
    FLAG,
    OPTIONAL,
    OPTIONAL_TIME,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    Asked,
    object_of,
)
from serverkit.http.schemas import ACCESS_TOKEN, BASE, with_members
from serverkit.http.schemas import ALERT as BASIC_ALERT

Call: TypeAlias = Asked[Central]
ACCOUNT_PATH = f"{BASE}smart-accounts/{{account}}"


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


ACCOUNT = object_of(
    id=TEXT,
    number=WHOLE,
    domain=TEXT,
    name=TEXT,
    export_allowed=FLAG,
    reservation_allowed=FLAG,
    agreement_version={"type": ["integer", "null"]},
)
VIRTUAL_ACCOUNT = object_of(
    id=TEXT, number=WHOLE, name=TEXT, description=TEXT, default=FLAG, satellite=OPTIONAL, tags=TEXTS
)
ALERT = with_members(BASIC_ALERT, remind_at=OPTIONAL_TIME)
SATELLITE = object_of(
    id=TEXT, name=TEXT, state=TEXT, virtual_accounts=TEXTS, instances=WHOLE, epoch=WHOLE, last_sync=OPTIONAL_TIME
)
ENTITLEMENT = object_of(kind=TEXT, tag=TEXT, name=TEXT, description=TEXT, restricted=FLAG, family=TEXT)
GIVEN = object_of(id=TEXT, name=TEXT, role=TEXT, account=OPTIONAL)
USER = object_of(
    id=TEXT,
    name=TEXT,
    role=OPTIONAL,
    account=OPTIONAL,
    account_domain=OPTIONAL,
    virtual_account=OPTIONAL,
    virtual_account_name=OPTIONAL,
)
API_TOKEN = with_members(ACCESS_TOKEN, user=TEXT, scope=TEXT, description=TEXT)
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
