"""Both consoles in a browser: every page that needs no thing to be named, for every user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from tests.browser.conftest import AXE, Watched, faults_of
from tests.browser.serve import serving
from tests.served import CONSOLES, PASSWORD, served
from tests.world import World

pytestmark = [pytest.mark.system, pytest.mark.one_database("what a browser shows is the same on both")]
# Pages that are for someone who has not signed in yet, or that lead on at once, and files.
LEAD_ON = ("/sign-in", "/setup", "/sync/resync/file", "/settings/tls/request.csr", "/keys/root")
# What width and colours can change: the page itself is the same, and every rule has seen it wide and light.
CHANGED = (
    "color-contrast", "target-size", "label", "button-name", "link-name", "link-in-text-block", "aria-hidden-focus",
    "scrollable-region-focusable",
)  # fmt: skip
LOOKS: tuple[tuple[int, Literal["dark", "light"], tuple[str, ...]], ...] = (
    (1440, "light", ()),
    (390, "dark", CHANGED),
)


@pytest.mark.long
@pytest.mark.row("S3.1", "C1.6")
@pytest.mark.parametrize("name", CONSOLES)
def test_every_page_is_accessible(site: World, visit: Callable[..., Watched], tmp_path: Path, name: str) -> None:
    """Wide and light, narrow and dark: axe finds nothing that could change, nothing moves sideways or comes from elsewhere."""
    faults: dict[str, list[str]] = {}
    with served(site, name) as console, serving(console.app, tmp_path / "tls") as address:
        pages = sorted(
            {
                console.filled(url)
                for url in console.urls
                if not url.changes and console.whole(url) and not url.path.startswith(LEAD_ON)
            }
        )
        window = visit(address, color_scheme="light")
        window.page.add_init_script(AXE)  # cheaper than to hand it over for each page
        window.sign_in(console.names[0], PASSWORD)
        for path in pages:
            page = window.open(path)
            # The page stays as the window changes, as on a desk: what a server sends depends on neither.
            for width, theme, rules in LOOKS:
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": 900})
                found = faults_of(page, *rules)
                if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                    found.append("it moves sideways")
                if found:
                    faults[f"{path} at {width}, {theme}"] = found

    assert faults == {}
