"""The interface as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from exchange.errors import ExchangeError
from satellite import __version__
from satellite.actions.access import identify_caller
from satellite.actions.permits import permit
from satellite.api.v1 import access, inventory, setup, site, tasks, time, users, webhooks
from satellite.core.access.models import IdempotentAnswer
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.errors import AppError
from serverkit.http.layer import Api, Caller
from serverkit.http.memory import AnswerMemory
from serverkit.http.schemas import BASE

OPERATIONS = (
    *access.OPERATIONS,
    *users.OPERATIONS,
    *inventory.OPERATIONS,
    *site.OPERATIONS,
    *setup.OPERATIONS,
    *tasks.OPERATIONS,
    *time.OPERATIONS,
    *webhooks.OPERATIONS,
)


def caller_of(server: Satellite, text: str, address: str) -> Caller:
    """The caller of an access token."""
    actor = identify_caller(server, text, address)
    return Caller(actor, bool(actor.scopes))


def _permit(unit: Unit, needed: Sequence[StrEnum], path: Mapping[str, str], *, changes: bool) -> None:
    del path, changes  # roles count for the whole site, and a token has no narrower scopes
    permit(unit, needed)


def make_api(server: Satellite, limiter: FailureLimiter) -> Api[Satellite]:
    """The interface of one satellite; `limiter` counts wrong credentials."""
    return Api(
        title="Perigee satellite",
        version=__version__,
        prefix=BASE,
        operations=OPERATIONS,
        server=server,
        database=server.database,
        permit=_permit,
        caller=lambda text, address: caller_of(server, text, address),
        memory=AnswerMemory(IdempotentAnswer, server.keyring.box),
        limiter=limiter,
        roots=(AppError, ExchangeError),
    )
