"""The privacy filter of a request."""

from __future__ import annotations

import pytest

from exchange.vocabulary import PrivacyField
from satellite.sync.privacy import PrivacyFilter


@pytest.mark.row("S2.4")
def test_a_field_is_sent_replaced_or_dropped() -> None:
    """A pseudonym is the same for the same text and key, and different for another key."""

    def shown(choice: str, key: bytes = b"k" * 32) -> str | None:
        return PrivacyFilter({"hostname": choice}, key).text(PrivacyField.HOSTNAME, "core-1")

    assert shown("send") == "core-1"
    assert shown("drop") is None
    assert shown("pseudonym") == shown("pseudonym") != shown("pseudonym", b"x" * 32)
    assert "core-1" not in str(shown("pseudonym"))


@pytest.mark.row("S2.4")
def test_a_message_leaves_without_the_host_name_that_is_withheld() -> None:
    """The host name inside a sentence follows the same choice, and the key is never shown."""
    hidden = PrivacyFilter({"hostname": "drop"}, b"secret" * 6)

    assert "core-1" not in hidden.message("core-1 was removed", "core-1")
    assert PrivacyFilter({}, b"").message("core-1 was removed", "core-1") == "core-1 was removed"
    assert "secret" not in repr(hidden)
