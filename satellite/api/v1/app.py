"""The interface as a whole."""

from __future__ import annotations

from exchange.errors import ExchangeError
from satellite import __version__
from satellite.api.v1 import access, inventory, site, time
from satellite.core.access.models import IdempotentAnswer
from satellite.core.access.services import bearer_of, note_use
from satellite.runtime import Satellite
from serverkit.auth.bearers import recognise
from serverkit.devices.messages import FailureLimiter
from serverkit.errors import AppError
from serverkit.http.layer import Api, Caller
from serverkit.http.memory import AnswerMemory
from serverkit.http.schemas import BASE

OPERATIONS = (*access.OPERATIONS, *inventory.OPERATIONS, *site.OPERATIONS, *time.OPERATIONS)


def caller_of(made: Satellite, text: str, address: str) -> Caller:
    """Who shows a token."""
    actor = recognise(made.database, bearer_of, note_use, text, address)
    return Caller(actor, bool(actor.scopes))


def make_api(made: Satellite, limiter: FailureLimiter) -> Api[Satellite]:
    """The interface of one satellite; `limiter` counts wrong credentials."""
    return Api(
        title="Perigee satellite",
        version=__version__,
        prefix=BASE,
        operations=OPERATIONS,
        server=made,
        database=made.database,
        caller=lambda text, address: caller_of(made, text, address),
        memory=AnswerMemory(IdempotentAnswer, made.keyring.box),
        limiter=limiter,
        roots=(AppError, ExchangeError),
    )
