"""A machine that replaces a unit is named in the browser: the preview says what happens, and then it does."""

from __future__ import annotations

import pytest

from satellite.runtime import Satellite
from tests.api.test_central_instances import holding
from tests.api.test_central_pages import A, Enter, numbers
from tests.api.test_central_pages import portal as vendor_portal
from tests.api.test_central_pages import text_of as said
from tests.api.test_satellite_portal import portal, text_of
from tests.console import Browser, press
from tests.world import World

__all__ = ["portal", "vendor_portal"]
MACHINE = {"pid": "SW-48", "serial": "SN2", "unit": "SN1"}


@pytest.mark.row("S4.1", "S3.2")
def test_a_unit_is_replaced_in_the_console_of_a_satellite(portal: tuple[World, Satellite, Browser]) -> None:
    """The preview names what comes free and changes nothing; a known machine and a wrong serial number come back filled."""
    site, _server, browser = portal
    device = site.device("SN1", "satellite")
    device.use("ADVANTAGE", 2)
    path = f"/instances/{device.state.instance}"
    form = browser.get(f"{path}/replace")
    for serial, code in (("SN1", 409), ("SN 2", 422), ("", 422)):
        again = press(browser, form, **{**MACHINE, "serial": serial})
        assert (again.status_code, serial in again.get_data(as_text=True)) == (code, True)
    preview = press(browser, form, **MACHINE)
    assert "these units are free: 2 of Advantage" in said(preview)
    assert "SN1" in text_of(browser, path)
    assert press(browser, preview).headers["Location"] == path
    shown = text_of(browser, path)
    assert "SN2" in shown
    assert "It uses no licence" in shown


@pytest.mark.row("S4.1", "C7.1")
def test_a_unit_is_replaced_in_the_portal_of_central(vendor_portal: tuple[World, object, Enter]) -> None:
    """A person with the right to manage it opens the page from the instance; a user of another virtual account does not."""
    world, _server, enter = vendor_portal
    enter()
    owner, guest = enter("owner", "account_administrator"), enter("guest", "virtual_account_user", "Spare")
    path = f"{A}/va/{numbers(world)['Site']}/instances/{holding(world, restricted=False)}"
    assert f'href="{path}/replace"' in owner.get(path).get_data(as_text=True)
    assert [guest.get(f"{path}/replace").status_code, owner.get(f"{path}/replace").status_code] == [404, 200]
    preview = press(owner, owner.get(f"{path}/replace"), **MACHINE)
    assert "PID:SW-48 SN:SN1 is replaced by PID:SW-48 SN:SN2" in said(preview)
    assert press(owner, preview).headers["Location"] == path
    assert "SN2" in said(owner.get(path))
