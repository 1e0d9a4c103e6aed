"""What the handlers of central's interface share: finding what the path names, and the schemas of what is shown."""

from __future__ import annotations

from typing import TypeAlias

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
