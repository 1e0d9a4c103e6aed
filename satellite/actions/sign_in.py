"""Use cases of signing in with a browser, and of one's own password, second step and access tokens (row S3.4).

What verifies a password takes the server, since no transaction is open meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from satellite.core.access import queries, services, users
from satellite.core.access.errors import UnknownUserError
from satellite.core.access.models import USER_TABLES, User
from satellite.core.access.rules import permissions_of
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.runtime import Satellite
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.users.errors import StepUpNeededError
from serverkit.users.own import Changed, Own
from serverkit.users.sign_in import People, SignedIn
from serverkit.users.tables import Browser, Person

_EVENTS = {
    Changed.PASSWORD_CHANGED: EventKind.PASSWORD_CHANGED,
    Changed.TWO_STEP_ON: EventKind.TWO_STEP_ON,
    Changed.TWO_STEP_OFF: EventKind.TWO_STEP_OFF,
    Changed.RECOVERY_CODES_RENEWED: EventKind.RECOVERY_CODES_RENEWED,
    Changed.SESSION_REVOKED: EventKind.SESSION_REVOKED,
}


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who uses a session: as an actor with the permissions of the role, and what the pages ask of the session."""

    actor: Actor
    role: str
    session_id: str
    ends_at: datetime
    stepped_up_until: datetime | None


def people_of(server: Satellite) -> People:
    """The people of this satellite."""
    return People(server.database, server.keyring.box, USER_TABLES, users.find_person, users.get_person, users.tell)


def sign_in(server: Satellite, name: str, password: str, browser: Browser, *, previous: str | None = None) -> SignedIn:
    """Sign in with name and password; a `previous` session of this browser ends.

    SignInRefusedError, TooManyTriesError.
    """
    return people_of(server).sign_in(name, password, browser, previous=previous)


def sign_in_with_code(server: Satellite, session: str, code: str, browser: Browser) -> SignedIn:
    """Finish signing in with a code of the authenticator or a recovery code; CodeRefusedError, TooManyTriesError."""
    return people_of(server).second_step(session, code, browser)


def recognise_session(server: Satellite, session: str, *, note: bool = True) -> SignedInUser:
    """Who uses a session; SessionEndedError. A poll (`note` False) keeps no session alive."""
    found, person = people_of(server).recognise(session, note=note)
    actor = Actor(ActorKind.USER, person.id, person.name, permissions_of(person.role))
    return SignedInUser(actor, person.role, found.id, found.ends_at, found.stepped_up_until)


def require_step_up(user: SignedInUser) -> None:
    """Refuse what is dangerous where the password was not entered within ten minutes; StepUpNeededError."""
    if user.stepped_up_until is None:
        raise StepUpNeededError


def step_up(server: Satellite, session: str, password: str, browser: Browser) -> str:
    """Enter the password again; the new secret of the session. SignInRefusedError, TooManyTriesError."""
    return people_of(server).step_up(session, password, browser)


def sign_out(server: Satellite, session: str) -> None:
    """End a session."""
    people_of(server).sign_out(session)


def own_of(server: Satellite) -> Own:
    """What people of this satellite change of their own accounts."""

    def note(unit: Unit, changed: Changed, message: str, subject: Mapping[str, Any]) -> None:
        record(unit, _EVENTS[changed], message, subject=subject)

    return Own(people_of(server), "Perigee satellite", note)


def list_own_tokens(unit: Unit) -> list[dict[str, Any]]:
    """List one's own access tokens, newest first."""
    return queries.own_api_tokens(unit, _me(unit).id)


def create_own_token(unit: Unit, name: str, role: str, *, days: int, addresses: Sequence[str] = ()) -> dict[str, Any]:
    """Create an access token of one's own; its text is shown once, here. RoleTooHighError."""
    user = unit.session.get(User, _me(unit).id)
    row, text = services.create_token(unit, name, role, days=days, addresses=addresses, user=user)
    return {**queries.token_dict(row, unit), "token": text}


def revoke_own_token(unit: Unit, token_id: str) -> dict[str, Any]:
    """Revoke an access token of one's own."""
    _me(unit)
    return {"id": services.revoke_token(unit, token_id).id, "state": "revoked"}


def _me(unit: Unit) -> Person:
    person = users.get_person(unit, unit.actor.id) if unit.actor.kind is ActorKind.USER else None
    if person is None:
        raise UnknownUserError("only a user who signed in has this")
    return person
