"""Use cases of signing in with a browser, and of one's own password, second step and access tokens (row S3.4).

What verifies a password takes the server, since no transaction is open meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from serverkit.users import credentials, sessions
from serverkit.users.errors import StepUpNeededError
from serverkit.users.sign_in import People, SignedIn
from serverkit.users.tables import Browser, Person
from serverkit.users.totp import totp_uri


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who uses a session: as an actor with the permissions of the role, and what the pages ask of the session."""

    actor: Actor
    role: str
    session_id: str
    ends_at: datetime
    stepped_up_until: datetime | None


@dataclass(frozen=True, slots=True)
class NewAuthenticator:
    """What an authenticator is given: as text, and as the address that it reads from a picture."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        """Never show the secret."""
        return "NewAuthenticator(***)"


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


def change_own_password(server: Satellite, session: str, old: str, new: str, browser: Browser) -> str:
    """Change one's own password, which needs the old one; other sessions end, this one gets a new secret.

    SignInRefusedError, TooManyTriesError, WeakPasswordError.
    """
    people = people_of(server)
    found, person = people.recognise(session)
    verified = people.check_password(person.name, old, browser)

    def change(unit: Unit) -> str:
        sessions.find(unit, USER_TABLES, session)
        people.require_unchanged(unit, verified)
        credentials.set_password(unit, USER_TABLES, person, new)
        sessions.end_all(unit, USER_TABLES, person.id, but=found.id)
        record(unit, EventKind.PASSWORD_CHANGED, f"{person.name} changed the password", subject={"user": person.id})
        return sessions.renew(unit, USER_TABLES, found.id)

    return server.database.run(recognise_session(server, session).actor, change)


def begin_two_step(server: Satellite, unit: Unit) -> NewAuthenticator:
    """Give oneself an authenticator, which counts once its first code was entered; TwoStepOnError."""
    person = _me(unit)
    secret = credentials.begin_two_step(unit, USER_TABLES, server.keyring.box, person.id)
    return NewAuthenticator(secret, totp_uri(secret, person.name, "Perigee satellite"))


def confirm_two_step(server: Satellite, session: str, code: str) -> list[str]:
    """Take one's authenticator into use; ten recovery codes, which are shown this once. Other sessions of one's own end.

    SessionEndedError, CodeRefusedError, TooManyTriesError.
    """

    def tell(unit: Unit, person: Person) -> None:
        message = f"{person.name} signs in with a second step now"
        record(unit, EventKind.TWO_STEP_ON, message, subject={"user": person.id})

    return people_of(server).confirm_second_step(session, code, tell)


def renew_recovery_codes(unit: Unit) -> list[str]:
    """Ten new recovery codes of one's own in place of the old ones; TwoStepOffError."""
    person = _me(unit)
    codes = credentials.renew_recovery_codes(unit, USER_TABLES, person.id)
    message = f"{person.name} made new recovery codes"
    record(unit, EventKind.RECOVERY_CODES_RENEWED, message, subject={"user": person.id})
    return codes


def remove_two_step(unit: Unit) -> dict[str, Any]:
    """Remove one's own second step."""
    person = _me(unit)
    if credentials.remove_two_step(unit, USER_TABLES, person.id):
        message = f"{person.name} signs in without a second step now"
        record(unit, EventKind.TWO_STEP_OFF, message, subject={"user": person.id})
        unit.session.flush()  # a row that is deleted is found by its key until then
    return show_two_step(unit)


def show_two_step(unit: Unit) -> dict[str, Any]:
    """Whether one signs in with a second step, and how many recovery codes are left."""
    person = _me(unit)
    on = credentials.two_step_of(unit, USER_TABLES, person.id) is not None
    return {"two_step": on, "recovery_codes_left": credentials.recovery_codes_left(unit, USER_TABLES, person.id)}


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
