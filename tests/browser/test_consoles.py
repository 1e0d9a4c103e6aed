"""Both consoles in a browser: every page that needs no thing to be named, for every user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import AXE, SHAPES, Watched, faults_of, moved_sideways
from tests.browser.serve import serving
from tests.served import CONSOLES, PASSWORD, served
from tests.world import World

pytestmark = pytest.mark.system
# Pages that are for someone who has not signed in yet, or that lead on at once, and files.
LEAD_ON = ("/sign-in", "/setup", "/sync/resync/file", "/settings/tls/request.csr", "/keys/root")
# What colours and sizes decide; then what width can change too: the page itself is the same, and is judged whole before.
STYLED = ("color-contrast", "target-size")
CHANGED = (
    *STYLED, "label", "button-name", "link-name", "link-in-text-block", "aria-hidden-focus", "scrollable-region-focusable",
)  # fmt: skip


@pytest.mark.long
@pytest.mark.row("S3.1", "C1.6")
@pytest.mark.parametrize("name", CONSOLES)
def test_every_page_is_accessible(site: World, visit: Callable[..., Watched], tmp_path: Path, name: str) -> None:
    """Wide and light, narrow and dark: axe finds nothing that could change, nothing moves sideways or comes from elsewhere.

    Colours and sizes are judged where a page has an element whose shape no page before had; everything else on each page.
    """
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
        known: list[str] = []
        for path in pages:
            page = window.open(path)
            before, known = len(known), page.evaluate(SHAPES, known)
            is_new = len(known) > before
            found = faults_of(page, without=() if is_new else STYLED)
            found += moved_sideways(page)
            # The page stays as the window changes, as on a desk: what a server sends depends on neither.
            page.emulate_media(color_scheme="dark")
            page.set_viewport_size({"width": 390, "height": 900})
            found += [f"narrow, dark: {one}" for one in (faults_of(page, *CHANGED, of="unseen") if is_new else [])]
            found += [f"narrow: {one}" for one in moved_sideways(page)]
            page.emulate_media(color_scheme="light")
            page.set_viewport_size({"width": 1440, "height": 900})
            if found:
                faults[path] = found

    assert len(known) > 300
    assert faults == {}
