"""What a console gives to the kit: its name and look, its pages, who is signed in, and what is on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from serverkit.actor import Actor
from serverkit.db.unit import Database, Unit
from serverkit.http.operations import Operation
from serverkit.web.texts import Words

if TYPE_CHECKING:
    from serverkit.web.urls import Url


class Severity(StrEnum):
    """How much something asks for attention; what is in order has none."""

    MAJOR = "major"
    MINOR = "minor"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a session. `permissions` are those of the role; `fresh_until`: until when a step-up counts."""

    actor: Actor
    session_id: str
    role: Words
    permissions: frozenset[str]
    fresh_until: datetime | None = None

    @property
    def name(self) -> str:
        """How the person is called."""
        return self.actor.name


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link of the navigation; `group` heads a run of them, `keys` are the key after `g`."""

    name: str
    label: Words
    path: str
    group: Words = ""
    keys: str = ""
    permission: str | None = None
    note: Words = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A state in the top bar that leads to where it is changed; `note` says until when it is so."""

    name: str
    words: Words
    path: str
    severity: Severity | None = None
    note: Words = ""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """A line of the alert bar, raised `at` a time; one that `stays` is shown though a person hid the bar."""

    severity: Severity
    message: Words
    path: str = ""
    stays: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True)
class Crumb:
    """A part of where one is, with what may be chosen in its place: words, address and a note, such as a star."""

    label: Words
    path: str
    choose: Words = ""
    choices: Sequence[tuple[Words, str, Words]] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page of a signed-in person; `numbers` count all alerts where `alerts` are only the first.

    `trail` says where the page is, before what the page itself adds. `reminder` is a sentence on every page, with the
    address that it leads to. `notice` is a text that people read before they sign in. `alert_place` is the place whose alerts
    these are, as far as it is not the only one; `alert_marks` is the time of the newest of all of them by severity, with
    how many were raised then.
    """

    place: str
    navigation: Sequence[NavItem] = ()
    chips: Sequence[Chip] = ()
    alerts: Sequence[AlertLine] = ()
    band: Words = ""
    zone: str = "UTC"
    numbers: Mapping[Severity, int] | None = None
    notice: str = ""
    trail: Sequence[Crumb] = ()
    reminder: tuple[Words, str, Words] | None = None
    alert_place: str = ""
    alert_marks: Mapping[Severity, tuple[str, int]] | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a person has to go before anything else."""

    path: str
    allowed: tuple[str, ...] = ()

    def lets(self, path: str) -> bool:
        """Whether an address may be visited all the same."""
        return path == self.path or any(path == one or path.startswith(f"{one}/") for one in self.allowed)


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that the search found."""

    label: Words
    path: str
    kind: Words
    note: Words = ""


@dataclass(frozen=True, slots=True)
class HelpFolder:
    """Where the administrator's pages stand as Markdown, and which are shown."""

    path: Path
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visitor:
    """From where someone signs in: address, what the browser calls itself, the cookie by which it is known."""

    address: str
    agent: str
    known_by: str | None

    def __repr__(self) -> str:
        """Never show the cookie."""
        return f"Visitor({self.address})"


@dataclass(frozen=True, slots=True)
class Entered:
    """What a browser gets when a password was right: with `awaits_code` the session waits for the second step."""

    secret: str
    awaits_code: bool = False
    known_by: str | None = None

    def __repr__(self) -> str:
        """Never show the secrets."""
        return f"Entered(awaits_code={self.awaits_code})"


class Works(Protocol):
    """Where changes of many rows run beside the server."""

    def begin(self, unit: Unit, wanted: Mapping[str, Any]) -> str:
        """Ask for one, as `bulk_work.run` takes it; its id. Refused while another one waits or runs."""

    def find(self, unit: Unit, task_id: str) -> Mapping[str, Any]:
        """How far one is, as tasks are shown; 404 for what the acting person may not know of."""

    def stop(self, unit: Unit, task_id: str) -> None:
        """Stop one between two of its parts."""

    def is_scheduled(self, unit: Unit) -> bool:
        """Whether anyone runs them now."""


class Console(Protocol):
    """One server's console."""

    @property
    def key(self) -> str:
        """`satellite` or `central`: the accent, the mark and the name of the cookie."""

    @property
    def package(self) -> str:
        """The package with its `templates` and `locales`."""

    @property
    def title(self) -> Words:
        """How the server is called beside the mark."""

    @property
    def cookie(self) -> str:
        """What tells the cookies of this server from those of another one on the same host."""

    @property
    def database(self) -> Database:
        """Where units of work are opened."""

    @property
    def server(self) -> Any:
        """What use cases need beside the unit."""

    @property
    def roots(self) -> tuple[type[Exception], ...]:
        """Errors that say what happened and what to do."""

    @property
    def urls(self) -> Sequence[Url]:
        """Every page and every change."""

    @property
    def help(self) -> HelpFolder:
        """The administrator's pages."""

    @property
    def operations(self) -> Mapping[str, Operation[Any]]:
        """The operations of the REST interface by name: what a page's `twin` names."""

    @property
    def provider(self) -> str:
        """How the provider is called by which people may sign in too; empty where there is none."""

    @property
    def works(self) -> Works | None:
        """Where changes of many rows run; None where each is done while its page waits."""

    def recognise(self, secret: str, *, note: bool) -> SignedIn | None:
        """Who has the session of this secret; None for no one. A poll (`note` false) keeps no session alive."""

    def sign_in(self, name: str, password: str, visitor: Visitor, previous: str | None) -> Entered:
        """Begin a session; a `previous` one of this browser ends. Refusals: 401, and 429 with the time to wait."""

    def second_step(self, secret: str, code: str, visitor: Visitor) -> Entered:
        """Finish with a code of an authenticator, or a recovery code; the session gets a new secret."""

    def step_up(self, secret: str, password: str, visitor: Visitor) -> str:
        """The password again, for what is dangerous; the new secret of the session."""

    def sign_out(self, secret: str) -> None:
        """End a session."""

    def gate(self, unit: Unit, who: SignedIn | None) -> Gate | None:
        """Where everybody, or this person, has to go first."""

    def permit(self, unit: Unit, needed: Sequence[StrEnum], parts: Mapping[str, str]) -> None:
        """Refuse the acting person who has none of the permissions at the place that an address names.

        A place of which the person may not know is not there (404).
        """

    def placed(self, unit: Unit, who: SignedIn, parts: Mapping[str, str]) -> SignedIn:
        """The person with the permissions of the place that an address names."""

    def frame(self, unit: Unit, who: SignedIn | None, parts: Mapping[str, str]) -> Frame:
        """What stands around a page; `parts` name its place, which may not be there."""

    def preferences(self, unit: Unit, who: SignedIn) -> Mapping[str, Any]:
        """What a person chose of how pages are shown, by name."""

    def keep_preference(self, unit: Unit, name: str, value: Any) -> None:
        """Keep what the acting person chose; None goes back to what is usual."""

    def search(self, unit: Unit, who: SignedIn, text: str) -> Sequence[Found]:
        """What a text finds."""
