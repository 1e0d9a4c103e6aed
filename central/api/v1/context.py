"""What the handlers of central's interface share: finding what the path names, and the schemas of what is shown."""

from __future__ import annotations

from typing import TypeAlias

from central.runtime import Central
from serverkit.http.operations import (
    FLAG,
    OPTIONAL_TIME,
    TEXT,
    TEXTS,
    WHOLE,
    Asked,
    object_of,
)
from serverkit.http.schemas import BASE

Call: TypeAlias = Asked[Central]
ACCOUNT_PATH = f"{BASE}smart-accounts/{{account}}"

SATELLITE = object_of(
    id=TEXT, name=TEXT, state=TEXT, virtual_accounts=TEXTS, instances=WHOLE, epoch=WHOLE, last_sync=OPTIONAL_TIME
)
ENTITLEMENT = object_of(kind=TEXT, tag=TEXT, name=TEXT, description=TEXT, restricted=FLAG, family=TEXT)
