"""The interface as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from central import __version__
from central.actions.credentials import recognise_bearer
from central.actions.permits import permit_at
from central.api.v1 import (
    access,
    accounts,
    adding,
    alerts,
    conversions,
    event_log,
    inventory,
    licence_tags,
    preferences,
    reports,
    reservations,
    satellites,
    saved_reports,
    subscriptions,
    tasks,
    time,
    transfers,
    upgrades,
    usage,
    vendor,
    webhooks,
)
from central.domain.credentials.models import IdempotentAnswer
from central.runtime import Central
from exchange.errors import ExchangeError
from serverkit.db.unit import Unit
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.errors import AppError
from serverkit.http.layer import Api, Caller
from serverkit.http.memory import AnswerMemory
from serverkit.http.schemas import BASE

OPERATIONS = (
    *access.OPERATIONS,
    *accounts.OPERATIONS,
    *adding.OPERATIONS,
    *alerts.OPERATIONS,
    *conversions.OPERATIONS,
    *event_log.OPERATIONS,
    *inventory.OPERATIONS,
    *licence_tags.OPERATIONS,
    *preferences.OPERATIONS,
    *reports.OPERATIONS,
    *reservations.OPERATIONS,
    *satellites.OPERATIONS,
    *saved_reports.OPERATIONS,
    *subscriptions.OPERATIONS,
    *usage.OPERATIONS,
    *tasks.OPERATIONS,
    *time.OPERATIONS,
    *transfers.OPERATIONS,
    *upgrades.OPERATIONS,
    *vendor.OPERATIONS,
    *webhooks.OPERATIONS,
)


def _permit(unit: Unit, needed: Sequence[StrEnum], path: Mapping[str, str], *, changes: bool) -> None:
    permit_at(unit, needed, path.get("account"), changes=changes)


def make_api(made: Central, limiter: FailureLimiter) -> Api[Central]:
    """The interface of one central; `limiter` counts wrong credentials."""

    def caller(text: str, address: str) -> Caller:
        actor = recognise_bearer(made.database, text, address)
        return Caller(actor, actor.scopes is None or bool(actor.scopes))

    return Api(
        title="Perigee central",
        version=__version__,
        prefix=BASE,
        operations=OPERATIONS,
        server=made,
        database=made.database,
        caller=caller,
        permit=_permit,
        memory=AnswerMemory(IdempotentAnswer, made.keyring.box),
        limiter=limiter,
        roots=(AppError, ExchangeError),
    )
