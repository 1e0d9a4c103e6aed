"""Decisions that a server makes about a device's message; pure, and the same at satellite and central."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from exchange.device.timers import AUTHORIZATION_RENEWAL, SILENT_MINOR
from exchange.identity import Udi


class CounterVerdict(StrEnum):
    """What a message's number means."""

    NEW = "new"
    REPEAT = "repeat"
    TOO_LOW = "too_low"


def judge_counter(last: int, last_digest: str | None, counter: int, digest: str) -> CounterVerdict:
    """A higher number is new; the last one again with the same bytes repeats; all else is too low."""
    if counter > last:
        return CounterVerdict.NEW
    if counter == last and digest == last_digest:
        return CounterVerdict.REPEAT
    return CounterVerdict.TOO_LOW


class RegistrationVerdict(StrEnum):
    """What a registration means for a UDI."""

    NEW = "new"
    SAME = "same"
    TAKE_OVER = "take_over"
    JOIN = "join"


def judge_registration(live: Mapping[str, str] | None, key_id: str, unit: str) -> RegistrationVerdict:
    """Rows S4.1, C7.6: what a registration means for the instance that its key or its UDI leads to.

    `live` says of each key of the instance that is in force to which unit it belongs (`Udi.key`); None where there is
    no instance. A known key is the same device. A unit of the set without a key of its own joins the others. Else a new
    key with a valid token takes the place of the unit's former one, without a person.
    """
    if live is None:
        return RegistrationVerdict.NEW
    if key_id in live:
        return RegistrationVerdict.SAME
    if live and unit not in live.values():
        return RegistrationVerdict.JOIN
    return RegistrationVerdict.TAKE_OVER


def standbys_after(
    active: Udi, standbys: Sequence[Udi], unit: Udi, named: Sequence[Udi], with_key: Collection[str]
) -> tuple[Udi, ...]:
    """Row C7.6: the standbys of a set after one of its units registered and named the others.

    The active unit replaces the list, if it names one; a unit that has a key of its own (`with_key`, by `Udi.key`) stays.
    A standby only adds to it. Each stays written as it was first reported.
    """
    if unit.key == active.key and named:
        kept = [udi for udi in standbys if udi.key in with_key or udi.key in {one.key for one in named}]
    else:
        kept = list(standbys)
    found: dict[str, Udi] = {}
    for udi in (*kept, unit, *named):
        found.setdefault(udi.key, udi)
    found.pop(active.key, None)
    return tuple(found.values())


def is_clone(restored_at: datetime | None, now: datetime) -> bool:
    """Whether a device that goes on above the number it was told did so within a renewal interval already."""
    return restored_at is not None and now - restored_at < AUTHORIZATION_RENEWAL


def may_alarm(certificate_expires: datetime, last_contact: datetime, now: datetime) -> bool:
    """Whether a device's silence or its late renewal can be an alert, which ends with its renewal."""
    return certificate_expires <= now or now - last_contact >= SILENT_MINOR[0]


@dataclass(frozen=True, slots=True)
class Problem:
    """How a refusal reaches the device: HTTP status, sentence, remedy."""

    status: int
    message: str
    remedy: str


DEVICE_PROBLEMS: Mapping[str, Problem] = {
    "token_refused": Problem(403, "The token registers nothing here.", "Ask the administrator for a valid token."),
    "not_registered": Problem(401, "This device is not registered here.", "Register the device again with a token."),
    "certificate_expired": Problem(403, "The device's identity has ended.", "Register the device again with a token."),
    "counter_too_low": Problem(
        409, "The message's number was used before.", "Continue above the highest number that the answer names."
    ),
    "superseded_key": Problem(
        403, "Another key took this device's place.", "Ask the administrator which of the two machines is to live on."
    ),
    "invalid_quantity": Problem(422, "A quantity is not allowed.", "Ask for a whole number from 1 to 1000000."),
    "duplicate_entitlement": Problem(422, "A licence stands twice in the list.", "Name each licence once."),
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
        404, "The licence is not known here.", "Check the tag, or synchronize the satellite."
    ),
    "export_not_permitted": Problem(
        403, "This device may not ask for restricted licences.", "Register it with a token that allows it."
    ),
    "unknown_grant": Problem(404, "The grant is not known here.", "Nothing needs to be done."),
    "recovery": Problem(
        409, "The satellite was restored from an older copy.", "Resynchronize the satellite; renewals go on meanwhile."
    ),
    "setup_required": Problem(503, "The server is not set up yet.", "Finish the set-up of the server."),
    "agreement_pending": Problem(409, "The licensing agreement is not accepted.", "Accept the agreement at central."),
    "other_virtual_account": Problem(
        409,
        "The device is registered in another virtual account than the token's.",
        "Use a token of its virtual account, or ask the administrator to transfer the device first.",
    ),
    "unknown_member": Problem(
        422, "The named member does not belong to the set.", "Name one of the registered members."
    ),
    "malformed": Problem(400, "The message is not one of this protocol.", "Update the agent."),
    "altered": Problem(400, "The message does not fit its signature.", "Send it again; look for a proxy between."),
    "unknown_issuer": Problem(401, "The message's key is not known here.", "Register the device again with a token."),
    "wrong_kind": Problem(400, "The message is of another kind.", "Send it to the address of its operation."),
    "too_large": Problem(413, "The message is too large.", "Send smaller parts."),
    "unsupported_version": Problem(400, "The message's format is not known here.", "Update the server or the agent."),
    "too_many_failures": Problem(429, "Too many refused messages from this address.", "Wait and try again."),
    "busy": Problem(503, "The server is busy.", "Wait and try again."),
    "not_found": Problem(404, "There is nothing at this address.", "Check the address."),
    "method_not_allowed": Problem(405, "This address takes other methods.", "Read the API description."),
    "internal_error": Problem(500, "The server failed.", "Try again; tell the administrator the reference."),
    "request_malformed": Problem(400, "The request is not well-formed HTTP.", "Correct the client program."),
    "request_timeout": Problem(
        408, "The request timed out; nothing was done.", "Send it again, over a faster connection."
    ),
    "address_too_long": Problem(414, "The address is longer than any of this server.", "Shorten the address."),
    "too_many_uploads": Problem(
        429, "Too many uploads from this address are in progress.", "Wait until the others have finished."
    ),
    "headers_too_large": Problem(431, "The headers are larger than this server takes.", "Send fewer headers."),
    "not_implemented": Problem(501, "The transfer encoding is not supported.", "Send the body plain or chunked."),
}


def problem_of(code: str) -> Problem:
    """Status, sentence and remedy of a code."""
    return DEVICE_PROBLEMS.get(code) or DEVICE_PROBLEMS["malformed"]
