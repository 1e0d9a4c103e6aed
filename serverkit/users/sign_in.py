"""Sign in: count, verify, begin a session. No transaction is open while a password is verified (row S3.4)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum

from serverkit.actor import SYSTEM
from serverkit.db.unit import Database, DatabaseFailure, Unit
from serverkit.errors import AppError
from serverkit.log import get_logger
from serverkit.secrets_box import SecretBox, new_secret
from serverkit.users import backoff, credentials, sessions
from serverkit.users.backoff import Try
from serverkit.users.errors import CodeRefusedError, SessionEndedError, SignInRefusedError, TooManyTriesError
from serverkit.users.passwords import narrow_place, password_place, pause, verify_password
from serverkit.users.rules import Judged, Way
from serverkit.users.sessions import Found
from serverkit.users.tables import Browser, Person, UserTables

BROWSER_PREFIX = "psb"


class Happened(StrEnum):
    """What a server writes down of signing in."""

    SIGNED_IN = "signed_in"
    SLOWED = "slowed"
    RECOVERY_CODE_USED = "recovery_code_used"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a browser is given: the secret of its session, and the cookie by which it is known from now.

    With `awaits_code` the session is only good for the second step, and `known_by` is None.
    """

    session: str
    awaits_code: bool
    known_by: str | None

    def __repr__(self) -> str:
        """Never show the secrets."""
        return f"SignedIn(awaits_code={self.awaits_code})"


@dataclass(frozen=True, slots=True)
class Verified:
    """A user whose password was right: the hash it was compared with, and what was counted of the try."""

    person: Person
    hashed: str | None
    tried: Try

    def __repr__(self) -> str:
        """Never show the hash."""
        return f"Verified({self.person.id})"


@dataclass(frozen=True, slots=True)
class People:
    """The people of one server: how they are found, and what is written down."""

    database: Database
    box: SecretBox
    tables: UserTables
    find: Callable[[Unit, str], Person | None]
    get: Callable[[Unit, str], Person | None]
    tell: Callable[[Unit, Happened, str, Person | None], None]
    """Called in the transaction of what happened, with the name that was given and the user of that name."""

    def sign_in(self, name: str, password: str, browser: Browser, *, previous: str | None = None) -> SignedIn:
        """Sign in with a password; SignInRefusedError, TooManyTriesError. A `previous` session of this browser ends.

        A known and an unknown name are treated the same way and take the same time.
        """
        verified = self._verify(name, password, browser)
        tried, person = verified.tried, verified.person

        def enter(unit: Unit) -> SignedIn:
            self.require_unchanged(unit, verified)
            if previous is not None:
                sessions.end(unit, self.tables, previous)
            backoff.take_back(unit, self.tables, tried)
            if credentials.two_step_of(unit, self.tables, person.id) is not None:
                text = sessions.begin(unit, self.tables, person.id, browser, awaits_code=True)
                return SignedIn(text, awaits_code=True, known_by=None)
            return self._enter(unit, tried, person, browser)

        return self.database.run(SYSTEM, enter)

    def enter(self, unit: Unit, person: Person, browser: Browser, *, previous: str | None) -> SignedIn:
        """Begin a session of someone whom a provider vouches for, in the unit that found it out; a `previous` one ends."""
        if previous is not None:
            sessions.end(unit, self.tables, previous)
        return self._enter(unit, backoff.try_of(unit, self.tables, person.name, browser), person, browser)

    def second_step(self, text: str, code: str, browser: Browser) -> SignedIn:
        """Finish signing in with a code of the authenticator or a recovery code; the session gets a new secret.

        SessionEndedError, CodeRefusedError, TooManyTriesError. Wrong codes are counted per user, wherever they come from;
        the fifth ends the session, so that the next needs the password again.
        """
        with self.database.read(SYSTEM) as looking:
            self._awaited(looking, text)  # a flood never takes the lock of writers

        def use(unit: Unit) -> SignedIn | None:
            person, tried = self._awaited(unit, text)
            used = credentials.use_code(unit, self.tables, self.box, person.id, code)
            if used is None:
                self._count(unit, tried, person.name, person)
                if backoff.judge(unit, self.tables, tried).way is Way.SHUT:
                    sessions.end(unit, self.tables, text)
                return None
            if used == "recovery":
                self.tell(unit, Happened.RECOVERY_CODE_USED, person.name, person)
            sessions.end(unit, self.tables, text)
            backoff.forget_name(unit, self.tables, tried)
            named = backoff.try_of(unit, self.tables, person.name, browser)
            return self._enter(unit, named, person, browser)

        entered = self.database.run(SYSTEM, use)
        if entered is None:
            raise CodeRefusedError
        return entered

    def step_up(self, text: str, password: str, browser: Browser) -> str:
        """Enter the password again for what is dangerous; the new secret of the session, whose old one is void.

        SessionEndedError, SignInRefusedError, TooManyTriesError.
        """
        found, person = self.recognise(text)
        verified = self._verify(person.name, password, browser)

        def renew(unit: Unit) -> str:
            sessions.find(unit, self.tables, text)  # it may have been revoked meanwhile
            self.require_unchanged(unit, verified)
            backoff.take_back(unit, self.tables, verified.tried)
            backoff.forget_name(unit, self.tables, verified.tried)
            return sessions.renew(unit, self.tables, found.id)

        return self.database.run(SYSTEM, renew)

    def confirm_second_step(self, text: str, code: str, then: Callable[[Unit, Person], None]) -> list[str]:
        """Take the authenticator of a session's user into use; the recovery codes. Other sessions of the user end.

        SessionEndedError, CodeRefusedError, TooManyTriesError: wrong codes count as those of a sign-in do. `then` is done
        in the same transaction.
        """
        found, person = self.recognise(text)

        def use(unit: Unit) -> list[str] | None:
            sessions.find(unit, self.tables, text)  # it may have been revoked meanwhile
            tried = backoff.code_try(person.id)
            judged = backoff.judge(unit, self.tables, tried)
            if judged.way is Way.SHUT:
                raise _slow(judged)
            try:
                codes = credentials.confirm_two_step(unit, self.tables, self.box, person.id, code)
            except CodeRefusedError:
                self._count(unit, tried, person.name, person)
                return None
            backoff.forget_name(unit, self.tables, tried)
            sessions.end_all(unit, self.tables, person.id, but=found.id)
            then(unit, person)
            return codes

        codes = self.database.run(SYSTEM, use)
        if codes is None:
            raise CodeRefusedError
        return codes

    def check_password(self, name: str, password: str, browser: Browser) -> Verified:
        """The user of a name and password, without a session; SignInRefusedError, TooManyTriesError."""
        verified = self._verify(name, password, browser)

        def settle(unit: Unit) -> None:
            backoff.take_back(unit, self.tables, verified.tried)
            backoff.forget_name(unit, self.tables, verified.tried)

        self.database.run(SYSTEM, settle)
        return verified

    def require_unchanged(self, unit: Unit, verified: Verified) -> None:
        """Refuse where the user has another password by now, or is gone; SignInRefusedError."""
        if not credentials.still_has(unit, self.tables, verified.person.id, verified.hashed):
            raise SignInRefusedError

    def recognise(self, text: str, *, note: bool = True) -> tuple[Found, Person]:
        """The session of a secret and its user; SessionEndedError. A poll (`note` False) keeps no session alive."""
        with self.database.read(SYSTEM) as unit:
            found = sessions.find(unit, self.tables, text)
            person = self.get(unit, found.user_id)
        if person is None or found.awaits_code:
            raise SessionEndedError
        if note and found.note_use:
            try:
                self.database.run(SYSTEM, lambda unit: sessions.note_use(unit, self.tables, found.id))
            except (AppError, DatabaseFailure) as error:
                # A note that is missing is no reason to turn the caller away.
                get_logger().warning("use_not_noted", cause=type(error).__name__)
        return found, person

    def sign_out(self, text: str) -> None:
        """End a session."""
        self.database.run(SYSTEM, lambda unit: sessions.end(unit, self.tables, text))

    def _awaited(self, unit: Unit, text: str) -> tuple[Person, Try]:
        """Whose code a session waits for; SessionEndedError, TooManyTriesError."""
        found = sessions.find(unit, self.tables, text)
        person = self.get(unit, found.user_id)
        if person is None or not found.awaits_code:
            raise SessionEndedError
        tried = backoff.code_try(person.id)
        judged = backoff.judge(unit, self.tables, tried)
        if judged.way is Way.SHUT:
            raise _slow(judged)
        return person, tried

    def _enter(self, unit: Unit, tried: Try, person: Person, browser: Browser) -> SignedIn:
        backoff.forget_name(unit, self.tables, tried)
        known = browser.known_by if backoff.is_known_browser(unit, self.tables, browser.known_by) else None
        cookie = known or new_secret(BROWSER_PREFIX)
        backoff.remember(unit, self.tables, person.name, browser, cookie)
        self.tell(unit, Happened.SIGNED_IN, person.name, person)
        text = sessions.begin(unit, self.tables, person.id, browser, awaits_code=False)
        return SignedIn(text, awaits_code=False, known_by=cookie)

    def _verify(self, name: str, password: str, browser: Browser) -> Verified:
        """The user of a try whose password is right, as it was when the try began."""
        with self.database.read(SYSTEM) as unit:
            tried = backoff.try_of(unit, self.tables, name, browser)
            person = self.find(unit, name)
            hashed = credentials.password_hash(unit, self.tables, person.id if person is not None else None)
            judged = backoff.judge(unit, self.tables, tried)
        if judged.way is Way.SHUT:
            raise _slow(judged)  # a flood never takes the lock of writers
        with ExitStack() as places:
            if judged.way is Way.NARROW:
                places.enter_context(narrow_place())
            # Counted before the password is verified: of many at once, only the free ones are looked at.
            admitted = self.database.run(SYSTEM, lambda unit: self._admit(unit, tried, name, person))
            if admitted.way is Way.NARROW and judged.way is not Way.NARROW:
                places.enter_context(narrow_place())
            with password_place(known=tried.known or not tried.by_address):
                right = verify_password(hashed, password)
            if not right and admitted.way is Way.NARROW:
                pause(admitted.hold)
        if not right or person is None:
            raise SignInRefusedError
        return Verified(person, hashed, tried)

    def _admit(self, unit: Unit, tried: Try, name: str, person: Person | None) -> Judged:
        judged = backoff.judge(unit, self.tables, tried)
        if judged.way is Way.SHUT:
            raise _slow(judged)
        self._count(unit, tried, name, person)
        return judged

    def _count(self, unit: Unit, tried: Try, name: str, person: Person | None) -> None:
        if backoff.count_failure(unit, self.tables, tried):
            self.tell(unit, Happened.SLOWED, name, person)


def _slow(judged: Judged) -> TooManyTriesError:
    seconds = max(1, int(judged.wait.total_seconds()))
    return TooManyTriesError("Too many tries failed from here; wait {wait} seconds.", wait=seconds)
