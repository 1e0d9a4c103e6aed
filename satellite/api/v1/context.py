"""What the handlers of a satellite's interface share: finding what is named, and the schemas of what is shown."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import Field

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
from satellite.core.accounts.queries import virtual_account
from satellite.runtime import Satellite

Call: TypeAlias = Asked[Satellite]
BASE = "/api/v1/"


class PoolPage(Page):
    """A page, of one virtual account where it is named."""

    virtual_account: str | None = Field(default=None, max_length=255, pattern=PLAIN)


class Nothing(Strict):
    """An empty object."""


def chosen_pool(call: Call) -> str | None:
    """The id of the virtual account that the query names, or None."""
    name = call.query.virtual_account
    return virtual_account(call.unit, name).id if name is not None else None


def _items(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": entry}


VIRTUAL_ACCOUNT = object_of(id=TEXT, name=TEXT, description=TEXT)
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
API_TOKEN = object_of(
    id=TEXT,
    name=TEXT,
    role=TEXT,
    addresses=TEXTS,
    created_at=TIME,
    created_by=TEXT,
    expires_at=TIME,
    last_used=OPTIONAL_TIME,
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
    actions=TEXTS,
    state=TEXT,
    subject=ANYTHING,
)
EVENT = object_of(id=TEXT, at=TIME, kind=TEXT, actor=TEXT, message=TEXT, subject=ANYTHING)
QUEUED = object_of(
    id=TEXT, instance=TEXT, tag=TEXT, count=WHOLE, state=TEXT, reason=OPTIONAL, message=TEXT, requested_at=TIME
)
STATUS = object_of(
    id=TEXT,
    name=TEXT,
    state=TEXT,
    account=OPTIONAL,
    epoch=WHOLE,
    sequence=WHOLE,
    sync_state=TEXT,
    last_sync=OPTIONAL_TIME,
    sync_due=OPTIONAL_TIME,
    overdue_at=OPTIONAL_TIME,
    removal_at=OPTIONAL_TIME,
    setup_mode=OPTIONAL,
    setup_finished=FLAG,
)
REGISTRATION = object_of(
    id=TEXT,
    name=TEXT,
    state=TEXT,
    account=OPTIONAL,
    epoch=WHOLE,
    authorized_at=OPTIONAL_TIME,
    key_fingerprint=TEXT,
    vendor=TEXT,
    root_version=WHOLE,
)
STEP = object_of(id=TEXT, at=TIME, step=TEXT, outcome=TEXT, epoch=WHOLE, sequence=WHOLE, counts=ANYTHING, detail=TEXT)
APPLIED = object_of(outcome=TEXT, epoch=WHOLE, sequence=WHOLE, counts=ANYTHING)
JOB = object_of(id=TEXT, name=TEXT, every_seconds=WHOLE, slot=TEXT, description=TEXT)
DONE = object_of(done=FLAG)
