"""The console of a satellite as the kit knows it: its pages, who is signed in, what stands around a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from exchange.errors import ExchangeError
from satellite.actions import sign_in as doors
from satellite.actions.permits import permit
from satellite.actions.preferences import keep_preference, list_preferences
from satellite.actions.site import show_status
from satellite.runtime import Satellite
from satellite.ui import (
    alerts,
    conversions,
    dashboard,
    events,
    export_queue,
    health,
    instance,
    instances,
    licences,
    me,
    replaced_units,
    settings,
    setup,
    sync,
    tasks,
    tokens,
    users,
    virtual_accounts,
)
from satellite.ui.bulk import WORKS
from satellite.ui.find import find
from satellite.ui.frame import make_frame
from satellite.ui.navigation import existing
from satellite.ui.roles import ROLES
from satellite.ui.setup.gate import SetupDoor
from serverkit.actor import SYSTEM
from serverkit.db.unit import Database, Unit
from serverkit.errors import AppError
from serverkit.http.operations import Operation
from serverkit.users.errors import SessionEndedError
from serverkit.users.tables import Browser
from serverkit.web.console import Entered, Found, Frame, Gate, HelpFolder, SignedIn, Visitor, Works
from serverkit.web.help_pages import help_folder
from serverkit.web.own_pages import own_urls
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

PAGES = (
    dashboard,
    setup,
    sync,
    alerts,
    licences,
    instances,
    instance,
    replaced_units,
    tokens,
    export_queue,
    conversions,
    virtual_accounts,
    events,
    tasks,
    users,
    me,
    settings,
    health,
)
"""The modules with pages: each has a `URLS`. A new page module is added here."""
URLS: tuple[Url, ...] = (*own_urls(look="S3.1", sign_in="S3.4"), *(url for page in PAGES for url in page.URLS))
NAVIGATION = existing({url.path for url in URLS if not url.changes})
HELP = HelpFolder(help_folder())
TITLE = _("Satellite")


@dataclass(frozen=True)
class SatelliteConsole:
    """The console of one satellite."""

    server: Satellite
    key: str = "satellite"
    package: str = "satellite.ui"
    title: Words = TITLE
    roots: tuple[type[Exception], ...] = (AppError, ExchangeError)
    urls: Sequence[Url] = URLS
    help: HelpFolder = HELP
    operations: Mapping[str, Operation[Any]] = field(default_factory=dict)
    door: SetupDoor = field(default_factory=SetupDoor)

    @property
    def cookie(self) -> str:
        """A person who carries files may have two satellites open on one host."""
        with self.database.read(SYSTEM) as unit:
            return str(show_status(self.server, unit)["id"])[:12]

    @property
    def provider(self) -> str:
        """There is none on a site."""
        return ""

    @property
    def works(self) -> Works:
        """Where changes of many rows run."""
        return WORKS

    @property
    def database(self) -> Database:
        """Where units of work are opened."""
        return self.server.database

    def recognise(self, secret: str, *, note: bool) -> SignedIn | None:
        """Who has a session."""
        try:
            user = doors.recognise_session(self.server, secret, note=note)
        except SessionEndedError:
            return None
        permissions = user.actor.scopes or frozenset()
        role = ROLES.get(user.role, user.role)
        return SignedIn(user.actor, user.session_id, role, permissions, user.stepped_up_until)

    def sign_in(self, name: str, password: str, visitor: Visitor, previous: str | None) -> Entered:
        """Begin a session."""
        entered = doors.sign_in(self.server, name, password, _browser(visitor), previous=previous)
        return Entered(entered.session, entered.awaits_code, entered.known_by)

    def second_step(self, secret: str, code: str, visitor: Visitor) -> Entered:
        """Finish signing in."""
        entered = doors.sign_in_with_code(self.server, secret, code, _browser(visitor))
        return Entered(entered.session, entered.awaits_code, entered.known_by)

    def step_up(self, secret: str, password: str, visitor: Visitor) -> str:
        """The password again."""
        return doors.step_up(self.server, secret, password, _browser(visitor))

    def sign_out(self, secret: str) -> None:
        """End a session."""
        doors.sign_out(self.server, secret)

    def gate(self, unit: Unit, who: SignedIn | None) -> Gate | None:
        """The set-up comes first."""
        return self.door.gate(unit, who)

    def permit(self, unit: Unit, needed: Sequence[StrEnum], parts: Mapping[str, str]) -> None:
        """Ask the matrix; a role counts for the whole site."""
        del parts
        permit(unit, needed)

    def placed(self, unit: Unit, who: SignedIn, parts: Mapping[str, str]) -> SignedIn:
        """The role is the same everywhere."""
        del unit, parts
        return who

    def frame(self, unit: Unit, who: SignedIn | None, parts: Mapping[str, str]) -> Frame:
        """What stands around a page."""
        del parts
        return make_frame(self.server, unit, who, NAVIGATION if self.door.finished else ())

    def preferences(self, unit: Unit, who: SignedIn) -> Mapping[str, Any]:
        """What a person chose."""
        del who
        return list_preferences(unit)

    def keep_preference(self, unit: Unit, name: str, value: Any) -> None:
        """Keep what the acting person chose."""
        keep_preference(unit, name, value)

    def search(self, unit: Unit, who: SignedIn, text: str) -> Sequence[Found]:
        """What a text finds."""
        return find(unit, who, text, NAVIGATION)


def _browser(visitor: Visitor) -> Browser:
    return Browser(visitor.address, visitor.agent, visitor.known_by)
