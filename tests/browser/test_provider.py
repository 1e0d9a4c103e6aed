"""Someone signs in to central by the provider, by clicking: there, back, and out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Watched, faults_of
from tests.browser.serve import serving
from tests.integration.test_provider_sign_in import door
from tests.world import World

pytestmark = pytest.mark.system


@pytest.mark.row("C1.5")
def test_a_person_signs_in_by_the_provider(
    vendor: World, visit: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The button leads there under the page's own policy, and back to the page that was asked for; so does a confirmation."""
    held: dict[str, Any] = {}

    def answer(environ: Any, start: Any) -> Any:
        return held["app"](environ, start)

    with (
        serving(answer, tmp_path / "tls") as address,
        door(vendor, monkeypatch, address) as there,
    ):
        held["app"] = there.portal.app.rest
        there.provider.claims["groups"] = ["chiefs"]
        window = visit(address)
        page = window.open("/me")
        assert faults_of(page) == []
        page.get_by_role("link", name="Sign in with Works ID").click()
        page.get_by_role("button", name="Sign in as u-1").click()
        page.wait_for_url(f"{address}/me")
        assert "ada" in page.locator("body").inner_text()
        there.portal.world.central("clock", "advance", "15m")
        page.goto(f"{address}/a/customer.example/users/new")
        page.get_by_role("link", name="Confirm with Works ID").click()
        page.get_by_role("button", name="Sign in as u-1").click()
        page.wait_for_url(f"{address}/a/customer.example/users/new")
        page.locator("summary", has_text="ada").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="Sign out at Works ID").click()
        page.get_by_text("Signed out at the provider").wait_for()
        window.wrong[:] = [one for one in window.wrong if there.provider.issuer not in one]
