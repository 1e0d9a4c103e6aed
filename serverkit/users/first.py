"""The set-up code, by which a person at the machine makes the first user of a console (rows S1.1, C1.5)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from serverkit.actor import SYSTEM
from serverkit.db.unit import Unit
from serverkit.files import write_atomic
from serverkit.secrets_box import new_secret
from serverkit.users import backoff, sessions
from serverkit.users.codes import hash_code, new_code
from serverkit.users.errors import AdministratorExistsError, SetupCodeRefusedError, TooManyTriesError
from serverkit.users.sign_in import BROWSER_PREFIX, People, SignedIn
from serverkit.users.tables import Browser, Person

SETUP_CODE = "setup-code"
"""The file in the home that holds the set-up code until it is void."""


@dataclass(frozen=True, slots=True)
class SetupCodeState:
    """Whether the console waits for its first user, and the tries of the set-up code that are left."""

    needed: bool
    tries_left: int
    wait_seconds: int


def make_setup_code(unit: Unit, home: Path) -> tuple[str, str]:
    """A new set-up code and the hash to store; after the commit the code stands in a file that only its owner reads."""
    code = new_code()
    unit.after_commit.append(lambda: write_atomic(home / SETUP_CODE, f"{code}\n".encode(), mode=0o400))
    return code, hash_code(code)


def drop_setup_code(unit: Unit, home: Path) -> None:
    """Remove the file of a set-up code that is void, after the commit."""
    unit.after_commit.append(lambda: (home / SETUP_CODE).unlink(missing_ok=True))


def is_setup_code(kept: str, code: str) -> bool:
    """Whether a code is that of a hash; takes the same time for any, and for one that is void."""
    return hmac.compare_digest(kept or "0" * 64, hash_code(code)) and bool(kept)


def kept_setup_code(home: Path, kept: str) -> str | None:
    """The set-up code as its file holds it; None where it is not that of the hash."""
    try:
        code = (home / SETUP_CODE).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
    return code if is_setup_code(kept, code) else None


@dataclass(frozen=True, slots=True)
class FirstUser:
    """How the first user of a server is made: whether one is needed, and the hash of the code."""

    people: People
    needed: Callable[[Unit], bool]
    kept: Callable[[Unit], str]

    def state(self, unit: Unit, address: str) -> SetupCodeState:
        """What an address may still try."""
        left, wait = backoff.setup_pause(unit, self.people.tables, address)
        return SetupCodeState(self.needed(unit), left, int(wait.total_seconds()))

    def require_try(self, browser: Browser) -> None:
        """Refuse where no code would do, before anything is written; AdministratorExistsError, TooManyTriesError.

        Anyone may ask, also of a server in use: this takes no lock of writers.
        """
        with self.people.database.read(SYSTEM) as unit:
            self._refuse_try(unit, browser)

    def takes(self, unit: Unit, code: str, browser: Browser) -> bool:
        """Whether a code is right; a wrong one is counted. AdministratorExistsError, TooManyTriesError."""
        self._refuse_try(unit, browser)
        if is_setup_code(self.kept(unit), code):
            return True
        backoff.count_setup_failure(unit, self.people.tables, browser.address)
        return False

    def create(self, code: str, browser: Browser, make: Callable[[Unit], Person]) -> SignedIn:
        """Make the first user, who is signed in; `make` adds the user and voids the code.

        AdministratorExistsError, SetupCodeRefusedError, TooManyTriesError after four wrong codes from one address, and
        the refusals of `make`, for which the code stays good.
        """
        tables = self.people.tables
        self.require_try(browser)

        def work(unit: Unit) -> SignedIn | None:
            if not self.takes(unit, code, browser):
                return None
            person = make(unit)
            backoff.forget_setup(unit, tables)
            cookie = new_secret(BROWSER_PREFIX)
            backoff.remember(unit, tables, person.name, browser, cookie)
            unit.session.flush()  # the session names the new user
            text = sessions.begin(unit, tables, person.id, browser, awaits_code=False)
            return SignedIn(text, awaits_code=False, known_by=cookie)

        made = self.people.database.run(SYSTEM, work)
        if made is None:
            raise SetupCodeRefusedError
        return made

    def _refuse_try(self, unit: Unit, browser: Browser) -> None:
        if not self.needed(unit):
            raise AdministratorExistsError
        wait = backoff.setup_pause(unit, self.people.tables, browser.address)[1]
        if wait:
            seconds = max(1, int(wait.total_seconds()))
            raise TooManyTriesError("Four codes were wrong; wait {wait} seconds.", wait=seconds)
