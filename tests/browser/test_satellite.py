"""The satellite's console in a browser: every page that needs no thing to be named, for every user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from satellite.app import make_app
from satellite.runtime import open_satellite
from satellite.ui.console import URLS
from tests.browser.conftest import Watched, faults_of
from tests.browser.serve import serving
from tests.world import World

pytestmark = [pytest.mark.system, pytest.mark.one_database("what a browser shows is the same on both")]
PASSWORD = "a long enough secret"
# Pages that are for somebody who has not signed in yet, or that lead on at once, and a file.
LEAD_ON = ("/sign-in", "/setup", "/sync/resync/file", "/settings/tls/request.csr")
PAGES = sorted(
    {url.path for url in URLS if not url.changes and "{" not in url.path and not url.path.startswith(LEAD_ON)}
)


@pytest.mark.long
@pytest.mark.row("S3.1")
def test_every_page_of_a_satellite_is_accessible(site: World, visit: Callable[..., Watched], tmp_path: Path) -> None:
    """Wide and light, narrow and dark: axe finds nothing, nothing moves sideways, nothing comes from elsewhere."""
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    site.satellite("user", "add", "anna", "--role", "administrator", "--password-file", str(secret))
    site.satellite("setup", "finish", "--mode", "manual")
    server = open_satellite(site.folder / "satellite")
    faults: dict[str, list[str]] = {}
    try:
        with serving(make_app(server).rest, tmp_path / "tls") as address:
            for width, theme in ((1440, "light"), (390, "dark")):
                window = visit(address, width, color_scheme=theme)
                window.sign_in("anna", PASSWORD)
                for path in PAGES:
                    page = window.open(path)
                    found = faults_of(page)
                    if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                        found.append("it moves sideways")
                    if found:
                        faults[f"{path} at {width}, {theme}"] = found
                window.page.close()
    finally:
        server.database.dispose()

    assert faults == {}
