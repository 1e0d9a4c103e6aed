"""What people change of their own account: password, second step, sessions (row S3.4). The same for both servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from serverkit.actor import Actor, ActorKind
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.users import credentials, sessions
from serverkit.users.errors import NobodySignedInError
from serverkit.users.models import SessionMixin
from serverkit.users.sign_in import People
from serverkit.users.tables import Browser, Person
from serverkit.users.totp import totp_uri


class Changed(StrEnum):
    """What a server writes down of people's own accounts."""

    PASSWORD_CHANGED = "password_changed"
    TWO_STEP_ON = "two_step_on"
    TWO_STEP_OFF = "two_step_off"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    SESSION_REVOKED = "session_revoked"


@dataclass(frozen=True, slots=True)
class NewAuthenticator:
    """What an authenticator is given: as text, and as the address that it reads from a picture."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        """Never show the secret."""
        return "NewAuthenticator(***)"


@dataclass(frozen=True, slots=True)
class Own:
    """The accounts of the people of one server, as far as each manages an account of one's own.

    `note` writes an event, `issuer` is what an authenticator calls the server.
    """

    people: People
    issuer: str
    note: Callable[[Unit, Changed, str, Mapping[str, Any]], None]

    def me(self, unit: Unit) -> Person:
        """Who signed in; NobodySignedInError for the owner of the home and for programs."""
        person = self.people.get(unit, unit.actor.id) if unit.actor.kind is ActorKind.USER else None
        if person is None:
            raise NobodySignedInError
        return person

    def change_password(self, session: str, old: str, new: str, browser: Browser) -> str:
        """Change one's password, which needs the old one; other sessions end, this one gets a new secret.

        SignInRefusedError, TooManyTriesError, WeakPasswordError.
        """
        people, tables = self.people, self.people.tables
        found, person = people.recognise(session)
        verified = people.check_password(person.name, old, browser)

        def change(unit: Unit) -> str:
            sessions.find(unit, tables, session)
            people.require_unchanged(unit, verified)
            credentials.set_password(unit, tables, person, new)
            sessions.end_all(unit, tables, person.id, but=found.id)
            self._note(unit, Changed.PASSWORD_CHANGED, f"{person.name} changed the password", person)
            return sessions.renew(unit, tables, found.id)

        return people.database.run(Actor(ActorKind.USER, person.id, person.name), change)

    def begin_two_step(self, unit: Unit) -> NewAuthenticator:
        """Give oneself an authenticator, which counts once its first code was entered; TwoStepOnError."""
        person = self.me(unit)
        secret = credentials.begin_two_step(unit, self.people.tables, self.people.box, person.id)
        return NewAuthenticator(secret, totp_uri(secret, person.name, self.issuer))

    def confirm_two_step(self, session: str, code: str) -> list[str]:
        """Take one's authenticator into use; ten recovery codes, which are shown this once. Other sessions of one's own end.

        SessionEndedError, CodeRefusedError, TooManyTriesError.
        """

        def tell(unit: Unit, person: Person) -> None:
            self._note(unit, Changed.TWO_STEP_ON, f"{person.name} signs in with a second step now", person)

        return self.people.confirm_second_step(session, code, tell)

    def renew_recovery_codes(self, unit: Unit) -> list[str]:
        """Ten new recovery codes of one's own in place of the old ones; TwoStepOffError."""
        person = self.me(unit)
        codes = credentials.renew_recovery_codes(unit, self.people.tables, person.id)
        self._note(unit, Changed.RECOVERY_CODES_RENEWED, f"{person.name} made new recovery codes", person)
        return codes

    def remove_two_step(self, unit: Unit) -> dict[str, Any]:
        """Remove one's own second step."""
        person = self.me(unit)
        if credentials.remove_two_step(unit, self.people.tables, person.id):
            self._note(unit, Changed.TWO_STEP_OFF, f"{person.name} signs in without a second step now", person)
            unit.session.flush()  # a row that is deleted is found by its key until then
        return self.show_two_step(unit)

    def show_two_step(self, unit: Unit) -> dict[str, Any]:
        """Whether one signs in with a second step, and how many recovery codes are left."""
        person, tables = self.me(unit), self.people.tables
        on = credentials.two_step_of(unit, tables, person.id) is not None
        return {"two_step": on, "recovery_codes_left": credentials.recovery_codes_left(unit, tables, person.id)}

    def list_sessions(self, unit: Unit, person: Person, current: str | None = None) -> list[dict[str, Any]]:
        """The sessions of a user that are not over, newest first."""
        rows = sessions.running(unit, self.people.tables, [person.id])
        return [session_dict(row, person.name, current) for row in rows]

    def revoke_session(self, unit: Unit, person: Person, session_id: str) -> dict[str, Any]:
        """End a session of a user by its id; UnknownSessionError."""
        row = sessions.revoke(unit, self.people.tables, session_id, person.id)
        subject = {"user": person.id, "session": row.id}
        self.note(unit, Changed.SESSION_REVOKED, f"a session of {person.name} was revoked", subject)
        return {"id": row.id, "revoked": True}

    def _note(self, unit: Unit, changed: Changed, message: str, person: Person) -> None:
        self.note(unit, changed, message, {"user": person.id})


def session_dict(row: SessionMixin, name: str, current: str | None) -> dict[str, Any]:
    """A session for people and programs; `current` is the one that looks."""
    return {
        "id": row.id,
        "user": name,
        "address": row.address,
        "browser": row.agent,
        "begun_at": iso(row.begun_at),
        "used_at": iso(row.used_at),
        "ends_at": iso(row.ends_at),
        "current": row.id == current,
    }
