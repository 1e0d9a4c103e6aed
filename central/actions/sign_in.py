"""Use cases of signing in to the console, and of one's own account (rows C1.5, S3.4).

What verifies a password takes the server, since no transaction is open meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from central.domain.access.rules import MATRIX, Role
from central.domain.access.services import held_roles
from central.domain.credentials import people
from central.domain.credentials.models import USER_TABLES
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.runtime import Central
from serverkit.actor import SYSTEM, Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.users.own import Changed, Own
from serverkit.users.sign_in import People, SignedIn
from serverkit.users.tables import Browser

_EVENTS = {
    Changed.PASSWORD_CHANGED: EventKind.PASSWORD_CHANGED,
    Changed.TWO_STEP_ON: EventKind.TWO_STEP_ON,
    Changed.TWO_STEP_OFF: EventKind.TWO_STEP_OFF,
    Changed.RECOVERY_CODES_RENEWED: EventKind.RECOVERY_CODES_RENEWED,
    Changed.SESSION_REVOKED: EventKind.SESSION_REVOKED,
}


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who uses a session: as an actor whose roles are read with each change, and what the pages ask of the session.

    `role` is the widest role, None for a user without any; `permissions` hold for some account or other.
    """

    actor: Actor
    role: Role | None
    permissions: frozenset[str]
    session_id: str
    ends_at: datetime
    stepped_up_until: datetime | None


def people_of(server: Central) -> People:
    """The people of this central."""
    return People(server.database, server.keyring.box, USER_TABLES, people.find_person, people.get_person, people.tell)


def own_of(server: Central) -> Own:
    """What people of this central change of their own accounts."""

    def note(unit: Unit, changed: Changed, message: str, subject: Mapping[str, Any]) -> None:
        record(unit, None, _EVENTS[changed], message, subject=subject)

    return Own(people_of(server), "Perigee central", note)


def sign_in(server: Central, name: str, password: str, browser: Browser, *, previous: str | None = None) -> SignedIn:
    """Sign in with name and password; a `previous` session of this browser ends.

    SignInRefusedError, TooManyTriesError.
    """
    return people_of(server).sign_in(name, password, browser, previous=previous)


def sign_in_with_code(server: Central, session: str, code: str, browser: Browser) -> SignedIn:
    """Finish signing in with a code of the authenticator or a recovery code; CodeRefusedError, TooManyTriesError."""
    return people_of(server).second_step(session, code, browser)


def recognise_session(server: Central, session: str, *, note: bool = True) -> SignedInUser:
    """Who uses a session; SessionEndedError. A poll (`note` False) keeps no session alive."""
    found, person = people_of(server).recognise(session, note=note)
    with server.database.read(SYSTEM) as unit:
        held = held_roles(unit, person.id)
    roles = [role for role in Role if any(one.role is role for one in held)]
    permissions = frozenset(permission.value for role in roles for permission in MATRIX[role])
    actor = Actor(ActorKind.USER, person.id, person.name)
    widest = roles[0] if roles else None
    return SignedInUser(actor, widest, permissions, found.id, found.ends_at, found.stepped_up_until)


def step_up(server: Central, session: str, password: str, browser: Browser) -> str:
    """Enter the password again; the new secret of the session. SignInRefusedError, TooManyTriesError."""
    return people_of(server).step_up(session, password, browser)


def sign_out(server: Central, session: str) -> None:
    """End a session."""
    people_of(server).sign_out(session)
