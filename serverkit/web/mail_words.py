"""Mail in words: states of what is in the outbox, ways of encryption."""

from __future__ import annotations

from serverkit.web.console import Severity
from serverkit.web.texts import Words, _

SECURITY: dict[str, Words] = {
    "starttls": _("STARTTLS"),
    "tls": _("TLS from the start"),
    "none": _("none, for a server on this machine"),
}
STATES: dict[str, tuple[Words, Severity | None]] = {
    "sent": (_("sent"), None),
    "waiting": (_("waits for another try"), None),
    "failed": (_("given up"), Severity.MINOR),
}
