"""Every table of central, gathered for the migrations."""

from __future__ import annotations

from central.domain.access import models as access
from central.domain.accounts import models as accounts
from central.domain.adding import models as adding
from central.domain.agreements import models as agreements
from central.domain.alerts import models as alerts
from central.domain.base import Base
from central.domain.catalogue import models as catalogue
from central.domain.conversions import models as conversions
from central.domain.credentials import models as credentials
from central.domain.event_log import models as event_log
from central.domain.export_control import models as export_control
from central.domain.instances import models as instances
from central.domain.ledger import models as ledger
from central.domain.licence_tags import models as licence_tags
from central.domain.notices import models as notices
from central.domain.operations import models as operations
from central.domain.policies import models as policies
from central.domain.preferences import models as preferences
from central.domain.reports import models as reports
from central.domain.reservations import models as reservations
from central.domain.satellites import models as satellites
from central.domain.settings import models as settings
from central.domain.tokens import models as tokens
from central.domain.transfers import models as transfers
from central.domain.usage import models as usage
from serverkit.db.guards import guarded

FEATURES = (
    access,
    accounts,
    adding,
    agreements,
    event_log,
    alerts,
    catalogue,
    conversions,
    credentials,
    export_control,
    instances,
    ledger,
    licence_tags,
    notices,
    operations,
    policies,
    preferences,
    reports,
    reservations,
    satellites,
    settings,
    tokens,
    transfers,
    usage,
)
metadata = guarded(Base.metadata)
