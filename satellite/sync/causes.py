"""Every cause of a failed synchronization: where it lies, what it means, what to do (rows S2.2, S2.5).

One catalogue serves the history, the alert, `sync now` and the doctor, so that the same failure is called the same
everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause."""

    code: str
    stage: Stage
    meaning: str
    remedy: str


def _causes(stage: Stage, *rows: tuple[str, str, str]) -> list[Cause]:
    return [Cause(code, stage, meaning, remedy) for code, meaning, remedy in rows]


_ALL = [
    *_causes(
        Stage.SITE,
        ("not_authorized", "Central has not authorized this satellite yet.", "Import the authorization file."),
        ("not_configured", "No address of central is set.", "Set it with `satellite sync settings --url`."),
        ("network_off", "This satellite synchronizes by files.", "Carry the files, or set the address with `satellite sync settings --url`."),
        ("site_restored", "This satellite was put back to an older copy.", "Make a registration file and have central resynchronize the satellite."),
        ("anchor_damaged", "The anchor file cannot be read.", "Have central resynchronize the satellite."),
        ("anchor_unreadable", "The anchor file is there and cannot be read: nobody can say whether this satellite was restored.", "Give the folder `anchor` back to the owner of the home; remove nothing."),
        ("wrong_owner", "A part of the state folder belongs to another user.", "Change the owner of the folder, with all it holds, to the user of the server."),
        ("disk_full", "The disk of the state folder has no room left.", "Free space; nothing was lost."),
        ("disk_read_only", "The state folder cannot be written.", "Mount it writable or correct its owner."),
        ("identity_expired", "The satellite's identity certificate has ended.", "Make a registration file and have central resynchronize the satellite."),
        ("clock_behind", "This machine's clock was set back: it stands before a time that was there already.", "Set the clock right."),
        ("clock_ahead", "This machine's clock leapt far ahead.", "Set the clock right, or say with `satellite time confirm` that it is."),
        ("key_missing", "A key file of this satellite is missing.", "Restore the folder `keys` from its backup."),
        ("root_expired", "The vendor's root that this satellite trusts has ended.", "Get a newer root file from the vendor."),
    ),
    *_causes(Stage.NAME, ("name_unknown", "The name of central cannot be resolved.", "Correct the name or the DNS server.")),
    *_causes(
        Stage.ROUTE,
        ("no_route", "There is no way to central's network.", "Check cable, routes and firewall."),
        ("refused", "Nothing listens at central's address and port.", "Correct the port; see that central runs."),
        ("timeout", "Central's address does not answer.", "Look for a firewall that drops packets."),
        ("connection_cut", "The connection was cut before the answer was whole.", "Try again; look for an unstable line or a filter."),
        ("connection_failed", "The connection failed.", "Read the detail; check the network."),
    ),
    *_causes(
        Stage.PROXY,
        ("proxy_name_unknown", "The proxy's name cannot be resolved.", "Correct the proxy's address."),
        ("proxy_refused", "Nothing listens at the proxy's address and port.", "Correct the proxy's port; see that it runs."),
        ("proxy_no_route", "There is no way to the proxy.", "Check the network to the proxy."),
        ("proxy_timeout", "The proxy does not answer.", "See that the proxy runs."),
        ("proxy_login", "The proxy wants a user name and password.", "Set them in the proxy's address: http://user:password@host:port, with @ : / # % percent-encoded."),
        ("proxy_login_refused", "The proxy refused the user name and password that are set.", "Correct them in the proxy's address; @ : / # % are percent-encoded there (@ as %40)."),
        ("proxy_denied", "The proxy does not let this connection through.", "Have central's address allowed at the proxy."),
    ),
    *_causes(
        Stage.TLS,
        ("tls_not_spoken", "What answers there speaks no TLS.", "Correct scheme and port of central's address."),
        ("tls_timeout", "The server began no TLS in time.", "Correct the port; look for a filter between."),
        ("certificate_expired", "Central's certificate has ended, or this machine's clock is ahead.", "Compare the clocks; have central's certificate renewed."),
        ("certificate_not_yet_valid", "Central's certificate is not valid yet: this machine's clock is probably behind.", "Set the clock right."),
        ("certificate_name", "Central's certificate is for another name.", "Use the name that stands in the certificate."),
        ("certificate_not_trusted", "Central's certificate comes from an authority that is not trusted here.", "Give the authority's certificate with --ca, or the fingerprint with --fingerprint."),
        ("fingerprint_differs", "Central shows another certificate than the one that was set.", "If central's certificate was replaced, set its new fingerprint; else look for a machine between."),
    ),
    *_causes(
        Stage.HTTP,
        ("answer_timeout", "Central took the file but gave no answer in time.", "Try again; the same file gets the same answer."),
        ("not_http", "What answers there speaks no HTTP.", "Correct the port of central's address."),
        ("not_central", "What answers there is not central.", "Correct the address; look for a captive page."),
        ("central_busy", "Central is busy.", "Wait; the satellite tries again by itself."),
        ("central_failed", "Central failed.", "Tell the vendor the reference that stands in the detail."),
        ("rate_limited", "Central refuses further files from this address for now.", "Wait; correct the cause of the earlier refusals."),
        ("answer_too_large", "The answer is larger than any response.", "Correct the address; tell the vendor."),
    ),
    *_causes(
        Stage.CENTRAL,
        ("request_altered", "The request reached central altered.", "Look for a proxy that changes content; try again."),
        ("request_truncated", "The request reached central cut short.", "Try again; look for a limit on uploads between."),
        ("request_too_large", "The request is larger than central takes.", "Synchronize more often; tell the vendor."),
        ("satellite_unknown", "Central does not know this satellite's key.", "See whether the satellite was removed; register it again."),
        ("other_vendor", "Central belongs to another vendor.", "Correct the address of central."),
        ("duplicate_satellite", "Central sees two machines with this satellite's identity.", "Switch the copy off; have central resynchronize the right one."),
        ("revoked", "Central has ended this satellite's epoch.", "Import the newest authorization file, or register the satellite again."),
        ("superseded", "Central has taken a newer request already.", "Make a new request; nothing was lost."),
        ("old_format", "Central does not know the format of this satellite's files.", "Update the older one of the two programs."),
        ("agreement_pending", "The licensing agreement waits for acceptance at central.", "Have it accepted at central."),
        ("refused_by_central", "Central refused the request.", "Read the detail; tell the vendor."),
    ),
    *_causes(
        Stage.RESPONSE,
        ("response_altered", "The response was altered on its way.", "Carry the original again, byte for byte; over the network, ask again: central gives the same one."),
        ("response_truncated", "The response was cut short.", "Carry the original again and compare its size; over the network, ask again: central gives the same one."),
        ("response_malformed", "The file has not the form of a response.", "Check that it is the file that was meant and carry the original again; if it stays so, compare the versions of the two programs."),
        ("file_changed", "The file was changed on its way by what carried it.", "Carry the original file again, byte for byte: unpacked, as an attachment or in binary mode, not as text."),
        ("wrong_site", "The response is for another satellite.", "Take the file of this satellite."),
        ("unknown_key", "The response is signed by a key that this satellite does not know.", "Get a newer root file from the vendor, or correct the address."),
        ("not_my_answer", "The response answers a request that this machine did not make.", "Look for a copy of this satellite; make a new request."),
        ("response_expired", "The response has ended.", "Make a new request."),
        ("response_not_yet_valid", "The response is from the future: this machine's clock is behind.", "Set the clock right."),
        ("wrong_file", "The file is no response.", "Take the response file; `exchange inspect` shows what a file is."),
        ("response_too_old_format", "The response has a format that this program does not know.", "Update this satellite."),
    ),
]  # fmt: skip
CAUSES: dict[str, Cause] = {cause.code: cause for cause in _ALL}

# What central's refusals are called on this side.
BY_CENTRAL = {
    "altered": "request_altered",
    "truncated": "request_truncated",
    "malformed": "request_altered",
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
# What the checks of a response are called.
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
    """The cause that a refusal of central means."""
    if code in BY_CENTRAL:
        return CAUSES[BY_CENTRAL[code]]
    if not code:
        return CAUSES["central_busy" if status == 503 else "not_central"]
    return CAUSES["central_failed" if status >= 500 else "refused_by_central"]


def of_response(code: str) -> Cause:
    """The cause that a refused response means."""
    return CAUSES[BY_RESPONSE.get(code, "response_malformed")]
