"""The TLS certificate: what is used, a request for another, and its import after a rehearsal (row S3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions.tls import ACTS
from satellite.ui.settings.frame import MANAGE, PATH, UP, server_of, settings_page
from serverkit.errors import InvalidInputError
from serverkit.tls.pair import MOST_BYTES
from serverkit.verdicts import Outcome
from serverkit.web.answers import Answer, Moved, Sent, Shown
from serverkit.web.console import Severity
from serverkit.web.errors import NoFileError
from serverkit.web.files import sent_file
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url

TLS = f"{PATH}/tls"
TITLE = _("TLS certificate")
MEDIA = "application/x-pem-file"
CERTIFICATES: dict[str, Words] = {
    "none": _("none: TLS ends at a proxy"),
    "unusable": _("cannot be used"),
    "own": _("self-signed by this server, renewed automatically"),
    "foreign": _("imported by an administrator"),
}
CHECKS: dict[str, Words] = {
    "form": _("Can be read"),
    "key": _("Belongs to a private key of this machine"),
    "chain": _("Chain of authorities"),
    "purpose": _("Issued for servers"),
    "time": _("Valid now"),
    "handshake": _("Rehearsal: a handshake on a private port"),
    "names": _("Names that devices use"),
}
REMEDIES: dict[str, Words] = {
    "form": _("Use PEM form: the certificate, then those of the authorities that issued it."),
    "key": _("Have a certificate issued for the request that was made here."),
    "chain": _("Put the server's certificate first, then each authority after the one that it issued."),
    "purpose": _("Have a server certificate issued."),
    "time": _("Compare the clock; have a certificate issued that is valid now."),
    "handshake": _("The detail says what TLS rejects; have another certificate issued."),
    "names": _("Devices that use these names refuse the certificate. Have it issued with them."),
}
WARNED: dict[str, Words] = {
    "chain": _("If devices do not know this issuer, add its certificate below the server's."),
    "time": _("It ends soon."),
    "names": REMEDIES["names"],
}
SEVERITIES = {Outcome.FAIL: Severity.MAJOR, Outcome.WARN: Severity.MINOR}
OUTCOMES: dict[Outcome, Words] = {
    Outcome.PASS: _("passed"),
    Outcome.WARN: _("warning"),
    Outcome.FAIL: _("failed"),
    Outcome.SKIP: _("not checked"),
}


class RequestForm(BaseModel):
    """What a certificate is requested for."""

    names: list[str] = Field(max_length=50)
    organization: str = Field(default="", max_length=64)


class CertificateForm(BaseModel):
    """A certificate with its chain: pasted, or as a file."""

    certificate: str = Field(default="", max_length=MOST_BYTES)


REQUEST = Form(
    RequestForm,
    _("Make request"),
    {
        "names": Ui(
            _("Names and addresses"),
            _("Those that devices and browsers use to reach this server, one per line."),
            mono=True,
        ),
        "organization": Ui(_("Organization")),
    },
)


def show(page: Page) -> Answer:
    """The certificate, the request that waits, and the way to another certificate."""
    found = ACTS.show(server_of(page), page.unit)
    fault = Refusal.of(found["error"]) if found["state"] == "unusable" else None
    waits = found["waiting"]
    typed: Mapping[str, str] = page.typed if page.typed is not None else {}
    names = (waits and waits["names"]) or ACTS.propose_names(server_of(page), page.unit)
    values = {"names": names, "organization": waits["organization"] if waits else ""}
    context = {
        "found": found,
        "fault": fault,
        "state_words": CERTIFICATES[found["state"]],
        "waits": waits,
        "view": REQUEST.view(page, f"{TLS}/request", values=values, fresh="names" not in typed),
        "most": MOST_BYTES,
        "typed": typed.get("certificate", ""),
    }
    return settings_page("tls", TITLE, "settings_tls.html", context, "tls")


def request(page: Page) -> Answer:
    """Make a request; it is downloaded from the page that follows."""
    read = cast("RequestForm", page.read)
    ACTS.request(server_of(page), page.unit, read.names, read.organization)
    return Moved(f"{TLS}#waiting", _("The request is made. Download it and have it signed."))


def download(page: Page) -> Answer:
    """The request that waits."""
    return Sent("server.csr", MEDIA, [ACTS.read_request(server_of(page), page.unit)])


def discard_page(page: Page) -> Answer:
    """Ask before the key that waits is removed."""
    view = Form(BaseModel, _("Discard request")).view(
        page, f"{TLS}/discard", cancel=TLS, cancel_words=_("Keep it"), danger=True
    )
    effect = _("A certificate that is issued for this request can then not be used: its private key is removed.")
    context = {"view": view, "effect": effect, "effects": (), "about": ()}
    return Shown("settings-tls-discard", _("Discard request"), "confirm.html", context, crumbs=_UP, nav="settings")


def discard(page: Page) -> Answer:
    """Remove what waits."""
    ACTS.discard_request(server_of(page), page.unit)
    return Moved(TLS, _("Request and private key removed."))


def check(page: Page) -> Answer:
    """Examine a certificate and rehearse it; nothing is changed."""
    return _checked(ACTS.check(server_of(page), page.unit, _sent(page)))


def take(page: Page) -> Answer:
    """Take a certificate that was checked; it is examined once more."""
    ACTS.take(server_of(page), page.unit, _sent(page))
    return Moved(TLS, _("The certificate is in use. Running processes load it within seconds."))


def renew(page: Page) -> Answer:
    """Renew the server's own certificate."""
    ACTS.renew(server_of(page), page.unit)
    return Moved(TLS, _("The certificate is renewed; its key stayed."))


def _checked(found: dict[str, Any]) -> Shown:
    rows = []
    for one in found["checks"]:
        outcome = Outcome(one["outcome"])
        told = REMEDIES if outcome is Outcome.FAIL else WARNED if outcome is Outcome.WARN else {}
        remedy = told.get(one["check"], "")
        rows.append((CHECKS[one["check"]], OUTCOMES[outcome], SEVERITIES.get(outcome), one["detail"], remedy))
    context = {"found": found, "rows": rows, "text": found["pem"], "take": f"{TLS}/import", "back": TLS}
    return Shown(
        "settings-tls-check", _("Certificate to import"), "settings_tls_check.html", context,
        status=200 if found["usable"] else 422, crumbs=_UP, nav="settings", help="tls",
    )  # fmt: skip


def _sent(page: Page) -> bytes:
    pasted = cast("CertificateForm", page.read).certificate.strip()
    if pasted:
        return pasted.encode("utf-8") + b"\n"
    with suppress(NoFileError), sent_file(page)() as stream:
        return stream.read(MOST_BYTES + 1)
    raise InvalidInputError("no certificate was sent", remedy="Choose the file of the certificate, or paste its text.")


_UP = (*UP, (TITLE, TLS))
_ROW, _MOST = "S3.4", 2 * MOST_BYTES
URLS = (
    Url("GET", TLS, show, MANAGE, _ROW),
    Url("POST", f"{TLS}/request", request, MANAGE, _ROW, form=RequestForm, again=show, fresh=True),
    Url("GET", f"{TLS}/request.csr", download, MANAGE, _ROW),
    Url("GET", f"{TLS}/discard", discard_page, MANAGE, _ROW, fresh=True),
    Url("POST", f"{TLS}/discard", discard, MANAGE, _ROW, fresh=True, grade=Grade.DIALOG),
    Url("POST", f"{TLS}/check", check, MANAGE, _ROW, form=CertificateForm, again=show, most_bytes=_MOST),
    Url("POST", f"{TLS}/import", take, MANAGE, _ROW, form=CertificateForm, again=show, fresh=True, most_bytes=_MOST),
    Url("POST", f"{TLS}/renew", renew, MANAGE, _ROW, again=show, fresh=True),
)
