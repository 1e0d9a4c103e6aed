"""Every table of a satellite, gathered for the migrations."""

from __future__ import annotations

from satellite.core.access import models as access
from satellite.core.accounts import models as accounts
from satellite.core.alerts import models as alerts
from satellite.core.base import Base
from satellite.core.conversions import models as conversions
from satellite.core.event_log import models as event_log
from satellite.core.export_queue import models as export_queue
from satellite.core.instances import models as instances
from satellite.core.licences import models as licences
from satellite.core.operations import models as operations
from satellite.core.settings import models as settings
from satellite.core.site import models as site
from satellite.core.tokens import models as tokens
from satellite.core.usage import models as usage
from serverkit.db.guards import guarded

FEATURES = (
    access,
    accounts,
    alerts,
    conversions,
    event_log,
    export_queue,
    instances,
    licences,
    operations,
    settings,
    site,
    tokens,
    usage,
)
metadata = guarded(Base.metadata)
