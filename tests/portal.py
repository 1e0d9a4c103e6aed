"""Central's console in a test: its server, and people who are signed in with the roles that a test gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

from central.app import make_app
from central.runtime import Central, open_central
from serverkit.devices.asgi_front import Application
from tests.console import Browser
from tests.served import cheap_hashes
from tests.world import ACCOUNT, World

ADMIN, PASSWORD = "anna", "a long enough secret"
A = f"/a/{ACCOUNT}"


@dataclass
class Portal:
    """The console of a vendor's central."""

    world: World
    server: Central
    app: Application

    @property
    def admin(self) -> Browser:
        """The vendor's administrator, who is there from the beginning."""
        browser = Browser(self.app.rest)
        assert browser.sign_in(ADMIN, PASSWORD).status_code == 303
        return browser

    def enter(self, name: str, role: str, pool: str | None = None) -> Browser:
        """Someone who holds a role of the account, or the vendor's, signed in."""
        account = () if role.startswith("vendor") else ("--account", ACCOUNT)
        part = ("--virtual-account", pool) if pool else ()
        secret = self.world.file("secret", PASSWORD + "\n")
        self.world.central("user", "add", name, "--role", role, *account, *part)
        self.world.central("user", "password", name, "--password-file", secret)
        browser = Browser(self.app.rest)
        assert browser.sign_in(name, PASSWORD).status_code == 303
        return browser


@contextmanager
def central_portal(world: World) -> Iterator[Portal]:
    """The console of the world's central."""
    server = open_central(world.folder / "central")
    with cheap_hashes():
        portal = Portal(world, server, make_app(server))
        portal.enter(ADMIN, "vendor_administrator")
        yield portal
    server.database.dispose()


def text_of(found: Any) -> str:
    """What a person reads on a page."""
    text = found if isinstance(found, str) else found.get_data(as_text=True)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def main_of(found: Any) -> str:
    """What a person reads in the main part of a page."""
    text = found.get_data(as_text=True)
    return text_of(text.partition("<main")[2].partition("</main>")[0])


def verdict_of(found: Any) -> str:
    """The code of the refusal on a page; empty where there is none."""
    named = re.search(r'data-verdict="([^"]+)"', found.get_data(as_text=True))
    return named[1] if named else ""
