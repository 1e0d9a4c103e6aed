"""Problem codes of the device protocol: what a refusal is called, and what the device does about it (row S4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """How a refusal reaches the device: HTTP status, sentence, remedy."""

    status: int
    message: str
    remedy: str


DEVICE_PROBLEMS: Mapping[str, Problem] = {
    "token_refused": Problem(
        403, "The token cannot register a device here.", "Ask the administrator for a valid token."
    ),
    "not_registered": Problem(401, "This device is not registered here.", "Register the device again with a token."),
    "certificate_expired": Problem(
        403, "The device's identity certificate has expired.", "Register the device again with a token."
    ),
    "counter_too_low": Problem(
        409, "The message's number was used before.", "Continue above the highest number that the answer names."
    ),
    "superseded_key": Problem(
        403,
        "A newer key has replaced the key of this device.",
        "Ask the administrator which of the two machines to keep.",
    ),
    "invalid_quantity": Problem(422, "A quantity is not allowed.", "Ask for a whole number from 1 to 1000000."),
    "duplicate_entitlement": Problem(422, "The list names a licence twice.", "Name each licence once."),
    "registered_elsewhere": Problem(
        409,
        "The key of this device is registered in another account of this server.",
        "Run `agent deregister` first, or have the product instance removed there.",
    ),
    "identity_mismatch": Problem(
        403, "The message names another device than its key belongs to.", "Register the device under its own identity."
    ),
    "not_restricted": Problem(
        409, "The licence is not restricted.", "Use it like any other licence, without a request."
    ),
    "unknown_entitlement": Problem(
        404, "This server does not know the licence.", "Check the tag, or synchronize the satellite."
    ),
    "export_not_permitted": Problem(
        403, "This device may not ask for restricted licences.", "Register it with a token that allows it."
    ),
    "too_many_open": Problem(
        409,
        "Too many of the device's requests or returns wait for central.",
        "Synchronize the satellite, then send it again.",
    ),
    "usage_number_low": Problem(
        409,
        "The number of this usage report was used before.",
        "Continue above the highest number that the answer names.",
    ),
    "unknown_grant": Problem(404, "This server does not know the grant.", "Nothing needs to be done."),
    "recovery": Problem(
        409,
        "The satellite was restored from an older copy.",
        "Resynchronize the satellite; renewals continue.",
    ),
    "setup_required": Problem(503, "The server is not set up yet.", "Finish the set-up of the server."),
    "agreement_pending": Problem(409, "The licensing agreement is not accepted.", "Accept the agreement at central."),
    "other_virtual_account": Problem(
        409,
        "The device is registered in another virtual account than the token's.",
        "Use a token of its virtual account, or ask the administrator to transfer the device first.",
    ),
    "virtual_account_released": Problem(
        409,
        "The device's virtual account is not this satellite's any more.",
        "Ask the administrator to transfer the device to a virtual account that the satellite has.",
    ),
    "unknown_member": Problem(
        422, "The named member does not belong to the set.", "Name one of the registered members."
    ),
    "detached": Problem(
        409,
        "The device is detached: its licences stay in use until its term ends.",
        "Run `agent reattach` on the machine that was detached, or wait until the term ends.",
    ),
    "not_detached": Problem(
        409, "The device is not detached.", "Nothing needs to be done; renew its authorization as usual."
    ),
    "other_term": Problem(
        409,
        "The device was detached by another machine with the same key.",
        "Reattach the machine that was detached; a copy of it cannot do so.",
    ),
    "term_given_back": Problem(
        409,
        "The term was given back before, by another machine with the same key or by this one before it was restored.",
        "Ask the administrator which machine is the device; renew its authorization as usual.",
    ),
    "detach_not_allowed": Problem(
        403, "The vendor does not allow detached mode.", "Keep the device connected, or reserve licences by code."
    ),
    "term_too_long": Problem(
        422, "The term is longer than the vendor allows.", "Ask for at most the number of days that the answer names."
    ),
    "out_of_compliance": Problem(
        409,
        "The device uses a licence that is short, unknown, or not for it.",
        "Release it, or add units to its virtual account; then detach the device.",
    ),
    "reserved": Problem(
        409,
        "Licences are reserved for the device by code.",
        "A device with reserved licences needs no network; use it as it is, or return the reservation first.",
    ),
    "not_active_unit": Problem(
        409, "Only the active unit of a set can detach or reattach the set.", "Run the command on the active unit."
    ),
    "clone_undecided": Problem(
        409,
        "Two machines show the identity of this device.",
        "Ask the administrator to remove the one that is not the device.",
    ),
    "malformed": Problem(400, "The message does not belong to this protocol.", "Update the agent."),
    "altered": Problem(
        400,
        "The message does not match its signature.",
        "Send it again; check for a proxy in between that changes content.",
    ),
    "unknown_issuer": Problem(
        401, "This server does not know the key of the message.", "Register the device again with a token."
    ),
    "wrong_kind": Problem(400, "The message is of another kind.", "Send it to the address of its operation."),
    "too_large": Problem(413, "The message is too large.", "Send smaller parts."),
    "unsupported_version": Problem(
        400, "This server does not know the format of the message.", "Update the server or the agent."
    ),
    "too_many_failures": Problem(429, "Too many messages from this address were refused.", "Wait and try again."),
    "busy": Problem(503, "The server is busy.", "Wait and try again."),
    "not_found": Problem(404, "There is nothing at this address.", "Check the address."),
    "method_not_allowed": Problem(405, "This address does not accept this method.", "Read the API description."),
    "internal_error": Problem(500, "The server failed.", "Try again; tell the administrator the reference."),
    "request_malformed": Problem(400, "The request is not well-formed HTTP.", "Correct the client program."),
    "request_timeout": Problem(
        408, "The request timed out; nothing was done.", "Send it again, over a faster connection."
    ),
    "address_too_long": Problem(414, "The address is longer than any address of this server.", "Shorten the address."),
    "too_many_uploads": Problem(
        429, "Too many uploads from this address are in progress.", "Wait until the others have finished."
    ),
    "headers_too_large": Problem(431, "The headers are larger than this server accepts.", "Send fewer headers."),
    "not_implemented": Problem(501, "The transfer encoding is not supported.", "Send the body plain or chunked."),
}


def problem_of(code: str) -> Problem:
    """Status, sentence and remedy of a code."""
    return DEVICE_PROBLEMS.get(code) or DEVICE_PROBLEMS["malformed"]
