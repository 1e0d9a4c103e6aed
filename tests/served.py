"""The console of a satellite or of central, with a browser that is signed in for each role: for claims about every page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from unittest.mock import patch

from argon2 import PasswordHasher

import central.app
import satellite.app
from central.domain.access.rules import MATRIX as CENTRAL_MATRIX
from central.domain.access.rules import ROLE_SCOPES, Scope
from central.domain.access.rules import Permission as CentralPermission
from central.domain.access.rules import Role as CentralRole
from central.runtime import open_central
from central.ui.console import URLS as CENTRAL_URLS
from satellite.core.access.rules import MATRIX as SATELLITE_MATRIX
from satellite.core.access.rules import Permission as SatellitePermission
from satellite.core.access.rules import Role as SatelliteRole
from satellite.runtime import open_satellite
from satellite.ui.console import URLS as SATELLITE_URLS
from serverkit.http.operations import Access, alternatives
from serverkit.users import passwords
from serverkit.web import pace
from serverkit.web.urls import Url
from tests.console import Browser
from tests.world import ACCOUNT, World

PASSWORD = "a long enough secret"
POOL = "Spare"
CONSOLES = ("satellite", "central")
TABLES: Mapping[str, tuple[Sequence[Url], Mapping[Any, Any], type]] = {
    "satellite": (SATELLITE_URLS, SATELLITE_MATRIX, SatellitePermission),
    "central": (CENTRAL_URLS, CENTRAL_MATRIX, CentralPermission),
}


class Outline(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.title = self.h1 = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        elif self._inside == "h1":
            self.h1 += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a name."""
        return [attrs for name, attrs in self.tags if name == tag]


@dataclass
class Served:
    """A console: its addresses and matrix, the application, a browser for each role; `place` fills parts of addresses."""

    name: str
    app: Any
    browsers: dict[str, Browser]
    place: Mapping[str, str]
    names: Sequence[str]
    server: Any

    @property
    def urls(self) -> Sequence[Url]:
        """Every address."""
        return TABLES[self.name][0]

    @property
    def administrator(self) -> Browser:
        """The browser of the first role, which may do most."""
        return next(iter(self.browsers.values()))

    def may(self, role: str, url: Url) -> bool:
        """What the matrix says."""
        matrix = TABLES[self.name][1]
        return any(isinstance(one, Access) or one in matrix[role] for one in alternatives(url.permission))

    def scope(self, role: str) -> str:
        """What the role is for: all, an account, or a virtual account; a satellite knows no such difference."""
        return str(ROLE_SCOPES[CentralRole(role)]) if self.name == "central" else ""

    def filled(self, url: Url) -> str:
        """The address with something in its parts: a place that there is, things that there are not."""

        def part(found: re.Match[str]) -> str:
            return self.place.get(found[1], "errors" if found[1] == "page" else "0" * 32)

        return re.sub(r"{(\w+)}", part, url.path)

    def whole(self, url: Url) -> bool:
        """Whether nothing but the place has to be filled in."""
        return not set(re.findall(r"{(\w+)}", url.path)) - set(self.place)


@contextmanager
def cheap_hashes() -> Iterator[None]:
    """Passwords of tests need not withstand anyone."""
    cheap, before = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), passwords._HASHER
    passwords._HASHER = cheap
    passwords._nobody.cache_clear()
    try:
        yield
    finally:
        passwords._HASHER = before
        passwords._nobody.cache_clear()


@contextmanager
def served(world: World, name: str) -> Iterator[Served]:
    """Serve a console of a world, with a user for each role. No device is there for whom a long page would rest."""
    with cheap_hashes(), patch.object(pace, "REST", 0.0):
        yield from _served(world, name)


def _served(world: World, name: str) -> Iterator[Served]:
    secret = world.file("password-of-all", PASSWORD + "\n")
    roles: Sequence[str]
    if name == "satellite":
        roles, server = [one.value for one in SatelliteRole], open_satellite(world.folder / "satellite")
        for role in roles:
            world.satellite("user", "add", role, "--role", role, "--password-file", secret)
        app: Any = satellite.app.make_app(server).rest
        place: dict[str, str] = {}
    else:
        roles = [one.value for one in CentralRole]
        for role in roles:
            account = () if ROLE_SCOPES[CentralRole(role)] is Scope.VENDOR else ("--account", ACCOUNT)
            pool = ("--virtual-account", POOL) if ROLE_SCOPES[CentralRole(role)] is Scope.VIRTUAL_ACCOUNT else ()
            world.central("user", "add", f"user {role}", "--role", role, *account, *pool)
            world.central("user", "password", f"user {role}", "--password-file", secret)
        rows = world.central("virtual-account", "list", ACCOUNT)["items"]
        place = {"domain": ACCOUNT, "number": str(next(one["number"] for one in rows if one["name"] == POOL))}
        server = open_central(world.folder / "central")
        app = central.app.make_app(server).rest
    browsers = {str(role): Browser(app) for role in roles}
    names = [role if name == "satellite" else f"user {role}" for role in roles]
    for one, browser in zip(names, browsers.values(), strict=True):
        assert browser.sign_in(one, PASSWORD).status_code == 303
    yield Served(name, app, browsers, place, names, server)
    server.database.dispose()
