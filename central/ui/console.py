"""The console of central as the kit knows it: its pages, who is signed in, what stands around a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

from central.actions import provider_sign_in
from central.actions import sign_in as doors
from central.actions.own_preferences import keep_preference, list_preferences
from central.actions.permits import permissions_at, permit_place
from central.actions.setup import needs_administrator
from central.runtime import Central
from central.ui import (
    accounts,
    add_licences,
    agreement,
    alerts,
    assignments,
    backups,
    catalogue,
    contact,
    conversions,
    convert,
    convert_lists,
    convert_settings,
    device_conversions,
    events,
    first,
    general,
    health,
    identities,
    instance,
    instances,
    inventory,
    jobs,
    keys,
    licence_details,
    licence_tags,
    licences,
    lot_changes,
    lots,
    mail,
    me,
    members,
    order_cancelling,
    orders,
    policies,
    pool_members,
    pool_tags,
    preferences,
    replaced_units,
    reports,
    reservations,
    satellites,
    saved_report_forms,
    saved_reports,
    tasks,
    tokens,
    transfer_log,
    transfers,
    upgrades,
    usage,
    users,
    virtual_accounts,
    webhooks,
)
from central.ui.find import find
from central.ui.frame import make_frame
from central.ui.navigation import items_of
from central.ui.roles import ROLES
from central.ui.works import WORKS
from exchange.errors import ExchangeError
from serverkit.db.unit import Database, Unit
from serverkit.errors import AppError
from serverkit.http.operations import Operation
from serverkit.users.errors import SessionEndedError
from serverkit.users.tables import Browser
from serverkit.web.console import Entered, Found, Frame, Gate, HelpFolder, SignedIn, Visitor, Works
from serverkit.web.first_page import CODE
from serverkit.web.help_pages import help_folder
from serverkit.web.own_pages import own_urls
from serverkit.web.provider_pages import Back, provider_urls
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

PAGES = (
    first, accounts, agreement, alerts, virtual_accounts, inventory, general, licences, licence_details,
    licence_tags, lots, usage, lot_changes, instances, instance, replaced_units, add_licences, tokens, transfers, transfer_log,
    upgrades, assignments, reservations, convert_lists, convert_settings, device_conversions, conversions, convert,
    events, members, pool_members, catalogue, orders, order_cancelling, policies,
    mail, webhooks, backups, jobs, keys, health, contact, preferences, reports, saved_reports, saved_report_forms, tasks,
    pool_tags, satellites, users, identities, me,
)  # fmt: skip
"""The modules with pages: each has a `URLS`. A new page module is added here."""
URLS: tuple[Url, ...] = (
    *own_urls(look="C1.6", sign_in="C1.5"),
    *provider_urls("C1.5", lambda page: cast("CentralConsole", page.console)),
    *(url for page in PAGES for url in page.URLS),
)
HELP = HelpFolder(help_folder())
TITLE = _("Central")


class Door:
    """Leads to the set-up code until the vendor has an administrator; then it asks no more."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._open = False

    def gate(self, unit: Unit) -> Gate | None:
        """The page of the set-up code, or nothing."""
        self._open = self._open or not needs_administrator(unit)
        return None if self._open else Gate(CODE)


@lru_cache(maxsize=4096)
def exists(path: str) -> bool:
    """Whether there is a page at an address. Every page asks this of each link that it may show."""
    return any(not url.changes and url.leads_to(path) for url in URLS)


@dataclass(frozen=True)
class CentralConsole:
    """The console of one central."""

    server: Central
    key: str = "central"
    cookie: str = "central"
    package: str = "central.ui"
    title: Words = TITLE
    roots: tuple[type[Exception], ...] = (AppError, ExchangeError)
    urls: Sequence[Url] = URLS
    help: HelpFolder = HELP
    door: Door = field(default_factory=Door)
    operations: Mapping[str, Operation[Any]] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        """How the provider is called."""
        return provider_sign_in.provider_label(self.server)

    def to_provider(self, next_path: str, *, again: bool) -> tuple[str, str]:
        """The way there."""
        return provider_sign_in.begin(self.server, next_path, again=again)

    def from_provider(self, kept: str, answer: Mapping[str, str], visitor: Visitor, session: str | None) -> Back:
        """The way back."""
        done = provider_sign_in.come_back(self.server, kept, answer, _browser(visitor), session)
        if done.entered is None:
            return Back(done.next, None, done.renewed)
        return Back(done.next, Entered(done.entered.session, done.entered.awaits_code, done.entered.known_by))

    def provider_sign_out(self) -> str | None:
        """Its sign-out."""
        return provider_sign_in.sign_out_address(self.server)

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
        role = ROLES[user.role] if user.role is not None else _("no role")
        return SignedIn(user.actor, user.session_id, role, user.permissions, user.stepped_up_until)

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
        """The vendor's first administrator comes first."""
        del who
        return self.door.gate(unit)

    def permit(self, unit: Unit, needed: Sequence[StrEnum], parts: Mapping[str, str]) -> None:
        """Ask the matrix at the place of the address."""
        permit_place(unit, needed, parts.get("domain"), parts.get("number"))

    def placed(self, unit: Unit, who: SignedIn, parts: Mapping[str, str]) -> SignedIn:
        """What the person may do at the place of the address."""
        if "domain" not in parts:
            return who
        return replace(who, permissions=permissions_at(unit, parts["domain"], parts.get("number")))

    def frame(self, unit: Unit, who: SignedIn | None, parts: Mapping[str, str]) -> Frame:
        """What stands around a page."""
        return make_frame(self.server, unit, who, parts, exists)

    def preferences(self, unit: Unit, who: SignedIn) -> Mapping[str, Any]:
        """What a person chose."""
        del who
        return list_preferences(unit)

    def keep_preference(self, unit: Unit, name: str, value: Any) -> None:
        """Keep what the acting person chose."""
        keep_preference(unit, name, value)

    def search(self, unit: Unit, who: SignedIn, text: str) -> Sequence[Found]:
        """What a text finds."""
        return find(unit, who, text, items_of(None, "", "", exists))


def _browser(visitor: Visitor) -> Browser:
    return Browser(visitor.address, visitor.agent, visitor.known_by)
