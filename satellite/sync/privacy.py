"""What leaves the site: each field sent, replaced by a pseudonym, or dropped (rows S2.4, B2).

Pseudonyms are keyed: the same text gives the same pseudonym, and no one without the site's key can try names out.
Statements that devices signed are never touched; they hold no such field.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exchange.identity import Udi
from exchange.vocabulary import PrivacyField


@dataclass(frozen=True, slots=True)
class PrivacyFilter:
    """The site's choices with its key."""

    choices: Mapping[str, str]
    key: bytes

    def __repr__(self) -> str:
        """Never show the key."""
        return f"PrivacyFilter({dict(self.choices)})"

    def text(self, field: PrivacyField, value: str | None) -> str | None:
        """A field's text as it leaves."""
        choice = self.choices.get(field, "send")
        if value is None or choice == "send":
            return value
        if choice == "drop":
            return None
        mark = hmac.new(self.key, f"{field}\0{value}".encode(), hashlib.sha256).hexdigest()
        return f"p-{mark[:20]}"

    def udi(self, udi: Udi) -> Udi:
        """A UDI as it leaves: product id and serial always, its MAC address as chosen."""
        return replace(udi, mac_address=self.text(PrivacyField.MAC_ADDRESS, udi.mac_address))

    @property
    def hides_names(self) -> bool:
        """Whether host names do not leave as they are."""
        return self.choices.get(PrivacyField.HOSTNAME, "send") != "send"

    def message(self, text: str, *hostnames: str | None) -> str:
        """A sentence of an event without the host names that it may hold."""
        if self.hides_names:
            # The longest first: one may be a part of another.
            for name in sorted({name for name in hostnames if name}, key=lambda name: (-len(name), name)):
                text = text.replace(name, self.text(PrivacyField.HOSTNAME, name) or "(host name withheld)")
        # What followed a name may combine with the letter that a pseudonym ends with.
        return unicodedata.normalize("NFC", text)
