"""What the handlers of a satellite's interface share: the call, and the schemas of the views."""

from __future__ import annotations

from typing import TypeAlias

from satellite.runtime import Satellite
from serverkit.http.operations import (
    ANYTHING,
    FLAG,
    OPTIONAL,
    OPTIONAL_TIME,
    TEXT,
    TIME,
    WHOLE,
    Asked,
    object_of,
)
from serverkit.http.schemas import ACCESS_TOKEN, with_members

Call: TypeAlias = Asked[Satellite]

VIRTUAL_ACCOUNT = object_of(id=TEXT, name=TEXT, description=TEXT)
API_TOKEN = with_members(ACCESS_TOKEN, name=TEXT, role=TEXT, created_by=TEXT, user=OPTIONAL)
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
