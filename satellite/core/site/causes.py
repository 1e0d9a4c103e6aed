"""Every cause of a failed synchronization: its stage, its meaning, its remedy (rows S2.2, S2.5).

The history, the alert, `sync now` and the doctor share this catalogue, so that a failure has one name everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from serverkit.errors import Filled


class Stage(StrEnum):
    """Where a failure lies, in the order in which a synchronization passes them."""

    SITE = "this satellite"
    NAME = "name of central"
    ROUTE = "way to central"
    PROXY = "proxy"
    TLS = "TLS of central"
    HTTP = "answer of central"
    CENTRAL = "central's judgement of the request"
    RESPONSE = "response file"


WAY = (Stage.NAME, Stage.PROXY, Stage.ROUTE, Stage.TLS, Stage.HTTP)
"""The stages that a test of the connection passes, in order."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause."""

    code: str
    stage: Stage
    meaning: Filled
    remedy: Filled


def _causes(stage: Stage, *rows: tuple[str, str, str]) -> list[Cause]:
    return [Cause(code, stage, Filled(meaning), Filled(remedy)) for code, meaning, remedy in rows]


_ALL = [
    *_causes(
        Stage.SITE,
        ("not_authorized", "Central has not authorized this satellite yet.", "Import the authorization file."),
        ("not_configured", "No address of central is set.", "Set it in the settings of synchronization, or with `satellite sync settings --url`."),
        ("network_off", "This satellite synchronizes by files.", "Transport the files, or set the address in the settings of synchronization or with `satellite sync settings --url`."),
        ("site_restored", "This satellite was restored from an older copy.", "Make a registration file and have central resynchronize the satellite."),
        ("anchor_damaged", "The anchor file cannot be read.", "Have central resynchronize the satellite."),
        ("anchor_unreadable", "The anchor file exists and cannot be read, so it is unknown whether this satellite was restored.", "Make the owner of the home the owner of the folder `anchor` again; remove nothing."),
        ("wrong_owner", "A part of the state folder belongs to another user.", "Change the owner of the folder and its contents to the user of the server."),
        ("disk_full", "The disk of the state folder is full.", "Free space; nothing was lost."),
        ("disk_read_only", "The state folder is not writable.", "Mount it writable or correct its owner."),
        ("identity_expired", "The satellite's identity certificate has expired.", "Make a registration file and have central resynchronize the satellite."),
        ("clock_behind", "This machine's clock was set back: it is behind licence time.", "Correct the clock."),
        ("clock_ahead", "This machine's clock jumped far ahead.", "Correct the clock, or confirm it on the page of time or with `satellite time confirm`."),
        ("key_missing", "A key file of this satellite is missing or damaged.", "Restore the folder `keys` from its backup."),
        ("root_expired", "The vendor's root that this satellite trusts has expired.", "Get a newer root file from the vendor."),
    ),
    *_causes(Stage.NAME, ("name_unknown", "The name of central cannot be resolved.", "Correct the name or the DNS server.")),
    *_causes(
        Stage.ROUTE,
        ("no_route", "There is no route to central's network.", "Check cable, routes and firewall."),
        ("refused", "Nothing listens at central's address and port.", "Correct the port; check that central runs."),
        ("timeout", "Central's address does not answer.", "Check for a firewall that drops packets."),
        ("connection_cut", "The connection was cut before the answer was complete.", "Retry; check for an unstable line or a filter."),
        ("connection_failed", "The connection failed.", "See the detail; check the network."),
    ),
    *_causes(
        Stage.PROXY,
        ("proxy_name_unknown", "The proxy's name cannot be resolved.", "Correct the proxy's address."),
        ("proxy_refused", "Nothing listens at the proxy's address and port.", "Correct the proxy's port; check that it runs."),
        ("proxy_no_route", "There is no route to the proxy.", "Check the network to the proxy."),
        ("proxy_timeout", "The proxy does not answer.", "Check that the proxy runs."),
        ("proxy_login", "The proxy requires a user name and password.", "Set them in the proxy's address: http://user:password@host:port, with @ : / # % percent-encoded."),
        ("proxy_login_refused", "The proxy refused the configured user name and password.", "Correct them in the proxy's address; @ : / # % are percent-encoded there (@ as %40)."),
        ("proxy_denied", "The proxy did not open the connection to central.", "Allow central's address at the proxy; check that an HTTP proxy listens at the configured port."),
        ("proxy_failed", "The proxy cannot reach central.", "Check central's name and port, and the network behind the proxy."),
    ),
    *_causes(
        Stage.TLS,
        ("tls_not_spoken", "The server at this address does not speak TLS.", "Correct the scheme and port of central's address."),
        ("tls_failed", "The TLS handshake with central failed.", "See the detail; compare the TLS versions of both sides, and check for a filter in between."),
        ("tls_timeout", "The TLS handshake timed out.", "Correct the port; check for a filter in between."),
        ("certificate_expired", "Central's certificate has expired, or this machine's clock is ahead.", "Compare the clocks; renew central's certificate."),
        ("certificate_not_yet_valid", "Central's certificate is not yet valid: this machine's clock is probably behind.", "Correct the clock."),
        ("certificate_name", "Central's certificate is for another name.", "Use the name in the certificate."),
        ("certificate_not_trusted", "Central's certificate is issued by an authority that is not trusted here.", "Set the authority's certificate with --ca, or the fingerprint with --fingerprint."),
        ("fingerprint_differs", "Central's certificate does not match the configured fingerprint.", "If central's certificate was replaced, set its new fingerprint; otherwise check for a machine in between."),
    ),
    *_causes(
        Stage.HTTP,
        ("answer_timeout", "Central received the file, but its answer timed out.", "Retry; the same file gets the same answer."),
        ("not_http", "The server at this address does not speak HTTP.", "Correct the port of central's address."),
        ("not_central", "The answer from this address is not central's.", "Correct the address; check for a captive portal, or for a gateway that answers in central's place."),
        ("gateway_failed", "A gateway at central's address answers, but central behind it does not.", "Wait; the satellite retries automatically. If it stays so, have it checked that central runs."),
        ("central_busy", "Central is busy.", "Wait; the satellite retries automatically."),
        ("central_failed", "Central failed.", "Give the vendor the reference in the detail."),
        ("rate_limited", "Central temporarily refuses files from this address.", "Wait; correct the cause of the earlier refusals."),
        ("answer_too_large", "The answer is larger than a response can be.", "Correct the address; inform the vendor."),
    ),
    *_causes(
        Stage.CENTRAL,
        ("request_altered", "The request was altered on its way to central.", "Check for a proxy that changes content; retry."),
        ("request_truncated", "The request was truncated on its way to central.", "Retry; check for an upload limit in between."),
        ("request_too_large", "The request is larger than central, or a gateway before it, accepts.", "Synchronize more often; inform the vendor."),
        ("request_malformed", "Central could not read the request.", "Retry; check for a proxy that changes content, and compare the versions of the two programs."),
        ("satellite_unknown", "Central does not know this satellite's key.", "Check whether the satellite was removed; register it again."),
        ("other_vendor", "Central belongs to another vendor.", "Correct the address of central."),
        ("duplicate_satellite", "Central sees two machines with this satellite's identity.", "Shut the copy down; have central resynchronize the original."),
        ("revoked", "Central has ended this satellite's epoch.", "Import the newest authorization file, or register the satellite again."),
        ("superseded", "Central has already accepted a newer request.", "Make a new request; nothing was lost."),
        ("old_format", "Central does not know the format of this satellite's files.", "Update the older one of the two programs."),
        ("agreement_pending", "The licensing agreement has not been accepted at central.", "Have it accepted at central."),
        ("refused_by_central", "Central refused the request.", "See the detail; inform the vendor."),
    ),
    *_causes(
        Stage.RESPONSE,
        ("response_altered", "The response was altered in transit.", "Transport the original again, byte for byte; over the network, retry: central sends the same response."),
        ("response_truncated", "The response was truncated.", "Transport the original again and compare its size; over the network, retry: central sends the same response."),
        ("response_malformed", "The file is not a well-formed response.", "Check that it is the file that central made, and transport the original again; if it fails again, compare the versions of the two programs."),
        ("file_changed", "The file was changed in transit.", "Carry the original file again, byte for byte: unpacked, as an attachment or in binary mode, not as text."),
        ("wrong_site", "The response is for another satellite.", "Use the file of this satellite."),
        ("unknown_key", "The response is signed by a key that this satellite does not know.", "Get a newer root file from the vendor, or correct the address."),
        ("not_my_answer", "The response answers a request that this machine did not make.", "Check for a copy of this satellite; make a new request."),
        ("response_older", "The response is older than what this satellite has applied.", "Use the newest response, or make a new request; nothing was lost."),
        ("response_expired", "The response has expired.", "Make a new request."),
        ("response_not_yet_valid", "The response is from the future: this machine's clock is behind.", "Correct the clock."),
        ("wrong_file", "The file is not a response.", "Use the response file; `exchange inspect` shows what a file is."),
        ("response_too_old_format", "The response has a format that this version does not know.", "Update this satellite."),
    ),
]  # fmt: skip
CAUSES: dict[str, Cause] = {cause.code: cause for cause in _ALL}

# Causes by the code of central's refusal.
BY_CENTRAL = {
    "altered": "request_altered",
    "truncated": "request_truncated",
    "malformed": "request_malformed",
    "too_large": "request_too_large",
    "unknown_issuer": "satellite_unknown",
    "wrong_vendor": "other_vendor",
    "fork": "duplicate_satellite",
    "resync_required": "revoked",
    "not_authorized": "satellite_unknown",
    "superseded": "superseded",
    "unsupported_version": "old_format",
    "agreement_pending": "agreement_pending",
    "too_many_failures": "rate_limited",
    "busy": "central_busy",
    "internal_error": "central_failed",
}
# Causes by the status of an answer that is not in central's form: a gateway before central gives those.
_BY_STATUS = {413: "request_too_large", 502: "gateway_failed", 503: "gateway_failed", 504: "gateway_failed"}
# Causes by the code of a refused response.
BY_RESPONSE = {
    "altered": "response_altered",
    "truncated": "response_truncated",
    "malformed": "response_malformed",
    "wrong_satellite": "wrong_site",
    "wrong_vendor": "other_vendor",
    "unknown_issuer": "unknown_key",
    "not_mine": "not_my_answer",
    "expired": "response_expired",
    "not_yet_valid": "response_not_yet_valid",
    "wrong_kind": "wrong_file",
    "unsupported_version": "response_too_old_format",
    "resync_required": "revoked",
    "too_large": "answer_too_large",
    "newer_root_needed": "unknown_key",
    "lab_mismatch": "unknown_key",
}


def of_central(code: str, status: int) -> Cause:
    """The cause of a refusal by central."""
    if code in BY_CENTRAL:
        return CAUSES[BY_CENTRAL[code]]
    if not code:
        return CAUSES[_BY_STATUS.get(status, "not_central")]
    return CAUSES["central_failed" if status >= 500 else "refused_by_central"]


def of_step(detail: str) -> tuple[Cause | None, str]:
    """The cause that a step of the history names, if any, and what it says beside it.

    A step names a cause, or the code of a refused response or of central's refusal.
    """
    code, _colon, more = detail.partition(": ")
    return CAUSES.get(code) or CAUSES.get(BY_RESPONSE.get(code, BY_CENTRAL.get(code, ""))), more


def of_response(code: str) -> Cause:
    """The cause of a refused response."""
    return CAUSES[BY_RESPONSE.get(code, "response_malformed")]
