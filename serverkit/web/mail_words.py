"""Mail in words: states of what is in the outbox, ways of encryption."""

from __future__ import annotations

from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Ui
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

LEAST: dict[str, Words] = {"major": _("major only"), "minor": _("major and minor"), "informational": _("all")}
ROUTES = {
    "recipients": Ui(
        _("Recipients"),
        _("Up to 20 addresses, one per line. An address with `major`, `minor` or `informational` after it gets the alerts from this severity on."),
        kind="textarea", mono=True,
    ),
    "least": Ui(_("Alerts that are mailed"), choices=tuple(Choice(*one) for one in LEAST.items()), kind="select"),
}  # fmt: skip
"""The fields of a form that says who is mailed about which alerts."""
