"""Both consoles in a browser: every page that needs no thing to be named, for every user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Watched, faults_of
from tests.browser.serve import serving
from tests.served import CONSOLES, PASSWORD, served
from tests.world import World

pytestmark = [pytest.mark.system, pytest.mark.one_database("what a browser shows is the same on both")]
# Pages that are for somebody who has not signed in yet, or that lead on at once, and files.
LEAD_ON = ("/sign-in", "/setup", "/sync/resync/file", "/settings/tls/request.csr", "/keys/root")


@pytest.mark.long
@pytest.mark.row("S3.1", "C1.6")
@pytest.mark.parametrize("name", CONSOLES)
def test_every_page_is_accessible(site: World, visit: Callable[..., Watched], tmp_path: Path, name: str) -> None:
    """Wide and light, narrow and dark: axe finds nothing, nothing moves sideways, nothing comes from elsewhere."""
    faults: dict[str, list[str]] = {}
    with served(site, name) as console, serving(console.app, tmp_path / "tls") as address:
        pages = sorted(
            {
                console.filled(url)
                for url in console.urls
                if not url.changes and console.whole(url) and not url.path.startswith(LEAD_ON)
            }
        )
        for width, theme in ((1440, "light"), (390, "dark")):
            window = visit(address, width, color_scheme=theme)
            window.sign_in(console.names[0], PASSWORD)
            for path in pages:
                page = window.open(path)
                found = faults_of(page)
                if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                    found.append("it moves sideways")
                if found:
                    faults[f"{path} at {width}, {theme}"] = found
            window.page.close()

    assert faults == {}
