"""Pages are answered whatever an address or a form says, on both databases."""

from __future__ import annotations

import pytest

from central.app import make_app
from central.runtime import open_central
from tests.console import Browser
from tests.served import cheap_hashes
from tests.world import ACCOUNT, World

PASSWORD = "a long enough secret"


@pytest.mark.both_databases
@pytest.mark.row("C1.6", "C12.1", "B13")
def test_a_character_that_no_database_holds_breaks_no_page(vendor: World) -> None:
    """PostgreSQL refuses it: searches and lists answer as without it, and a form stores the rest of its text."""
    vendor.central("user", "add", "anna", "--role", "vendor_administrator")
    vendor.central("user", "password", "anna", "--password-file", vendor.file("secret", PASSWORD + "\n"))
    number = vendor.central("virtual-account", "list", ACCOUNT)["items"][0]["number"]
    place = f"/a/{ACCOUNT}/va/{number}"
    server = open_central(vendor.folder / "central")
    with cheap_hashes():
        browser = Browser(make_app(server).rest)
        assert browser.sign_in("anna", PASSWORD).status_code == 303
        pages = ("/search", f"/a/{ACCOUNT}/events", "/tasks", f"{place}/general")
        codes = [browser.get(f"{path}?q=a%00b&after=%00&kind=%00").status_code for path in pages]
        form = {"description": "ra\0ck", "days": "30", "terms": "yes"}
        codes.append(browser.post(f"{place}/tokens/new", form).status_code)
    server.database.dispose()

    assert codes == [200] * 5
    assert [row["description"] for row in vendor.central("token", "list", ACCOUNT)["items"]] == ["rack"]
