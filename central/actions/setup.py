"""Use cases of the console's set-up: the set-up code and the vendor's first administrator (row C1.5)."""

from __future__ import annotations

from typing import Any

from central.actions.sign_in import people_of
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.credentials import people
from central.domain.credentials.models import USER_TABLES
from central.runtime import Central
from serverkit.db.unit import Unit
from serverkit.users import backoff
from serverkit.users.errors import AdministratorExistsError
from serverkit.users.first import SETUP_CODE, FirstUser, kept_setup_code
from serverkit.users.sign_in import SignedIn
from serverkit.users.tables import Browser


def needs_administrator(unit: Unit) -> bool:
    """Whether the vendor has no administrator with a password: the console then answers with the set-up code only."""
    return people.needs_administrator(unit)


def first_user(server: Central) -> FirstUser:
    """How the vendor's first administrator is made."""
    return FirstUser(people_of(server), people.needs_administrator, people.setup_code_hash)


def renew_setup_code(server: Central, unit: Unit) -> dict[str, Any]:
    """Make a new set-up code while there is no administrator; AdministratorExistsError."""
    require(unit, Permission.USER_MANAGE)
    if not people.needs_administrator(unit):
        raise AdministratorExistsError
    backoff.forget_setup(unit, USER_TABLES)
    return {"setup_code": people.renew_setup_code(unit, server.home)}


def read_setup_code(server: Central, unit: Unit) -> str | None:
    """The set-up code as its file holds it, for who stands at the machine; None once it is void. A void file goes."""
    if not people.needs_administrator(unit):
        (server.home / SETUP_CODE).unlink(missing_ok=True)
        return None
    return kept_setup_code(server.home, people.setup_code_hash(unit))


def create_first_administrator(server: Central, code: str, name: str, password: str, browser: Browser) -> SignedIn:
    """Make the vendor's first administrator by the set-up code, which is void then; the administrator is signed in.

    AdministratorExistsError, SetupCodeRefusedError, TooManyTriesError after four wrong codes from one address, and the
    refusals of a name or a password, for which the code stays good.
    """
    return first_user(server).create(code, browser, lambda unit: people.create_first(unit, name, password, server.home))
