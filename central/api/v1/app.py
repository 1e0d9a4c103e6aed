"""The interface as a whole."""

from __future__ import annotations

from central import __version__
from central.api.v1 import accounts, inventory, satellites, vendor
from central.api.v1.context import BASE
from central.domain.credentials.memory import AnswerMemory
from central.domain.credentials.rules import TokenScope
from central.domain.credentials.services import bearer_of
from central.runtime import Central
from chassis.actor import SYSTEM
from chassis.api.layer import Api, Caller
from chassis.errors import AppError
from exchange.errors import ExchangeError

OPERATIONS = (*accounts.OPERATIONS, *inventory.OPERATIONS, *satellites.OPERATIONS, *vendor.OPERATIONS)


def make_api(made: Central) -> Api[Central]:
    """The interface of one central."""

    def caller(text: str) -> Caller:
        with made.database.read(SYSTEM) as unit:
            bearer = bearer_of(unit, text)
        return Caller(bearer.actor, bearer.scope is TokenScope.WRITE)

    return Api(
        title="Perigee central",
        version=__version__,
        prefix=BASE,
        operations=OPERATIONS,
        server=made,
        database=made.database,
        caller=caller,
        memory=AnswerMemory(),
        roots=(AppError, ExchangeError),
    )
