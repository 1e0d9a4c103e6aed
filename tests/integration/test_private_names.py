"""Host names that stay at the site stay out of its events too (rows S2.4, B2)."""

from __future__ import annotations

import unicodedata

import pytest

from exchange.vocabulary import PrivacyField
from satellite.sync.privacy import PrivacyFilter
from tests.world import ACCOUNT, World


@pytest.mark.row("S2.4", "B2")
@pytest.mark.parametrize("choice", ["drop", "pseudonym"])
def test_no_event_tells_a_host_name_that_does_not_leave(site: World, choice: str) -> None:
    """Neither one that the device had before, nor one that a dismissed alert names, nor one in the other."""
    site.satellite("privacy", "set", "hostname", choice)
    device = site.device("SN1", hostname="secret")
    device.use("ADVANTAGE", 1)
    site.device("SN2", hostname="secret-quiet")
    site.device("SN1", hostname="secret-renamed")
    device.use("ESSENTIALS", 1)
    site.advance("40d", device)
    for alert in site.satellite("alerts")["items"]:
        if "secret" in alert["message"]:
            site.satellite("alert", "dismiss", alert["id"])
    site.synchronize("1")
    site.synchronize("full", "--full")
    events = site.central("events", ACCOUNT)["items"]
    dismissed = [row["message"] for row in events if "alert dismissed" in row["message"]]

    assert len(dismissed) == 2
    assert "secret" not in str(events)
    assert "secret" in str(site.satellite("events")["items"])


@pytest.mark.row("S2.4", "B2")
def test_a_pseudonym_does_not_combine_with_what_follows_the_name() -> None:
    """Half of a letter after a host name stood by itself; after a pseudonym's last letter it would keep the site from exporting."""
    privacy = PrivacyFilter({PrivacyField.HOSTNAME.value: "pseudonym"}, b"key")
    names = [f"switch{number}" for number in range(64)]
    said = [privacy.message(f"{name} and {name}\u0323 joined", name) for name in names]

    assert any("\u1eb9" in text or "\u1ea1" in text for text in said)
    assert all(unicodedata.is_normalized("NFC", text) for text in said)
