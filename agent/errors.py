"""Reasons why the agent refuses or fails, each with a stable code and a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from exchange.refusal import Refusal, Remedy


class AgentError(Refusal):
    """Root of the errors of the agent."""

    code: ClassVar[str] = "agent_error"
    message = "The agent cannot do this."

    def __init__(
        self, message: str = "", *, remedy: str | None = None, code: str | None = None, **fields: object
    ) -> None:
        """`code` is given only where a server's own code is passed on."""
        super().__init__(message, remedy=remedy, **fields)
        self.reason = code or type(self).code


class NotRegisteredError(AgentError):
    code = "not_registered"
    message = "This device is not registered."
    remedy = Remedy("Register the device with a token first.", page="set-up.md#a-device")


class AlreadyRegisteredError(AgentError):
    code = "already_registered"
    message = "The device is registered under another identity; nothing was changed."
    remedy = Remedy(
        "Use a separate state folder for each device, or run `agent deregister` first.", page="set-up.md#a-device"
    )


class InvalidInputError(AgentError):
    code = "invalid_input"
    message = "A value is not allowed."
    remedy = Remedy("Correct the value and repeat the command.", page="set-up.md#a-device")


class InvalidQuantityError(AgentError):
    code = "invalid_quantity"
    message = "A quantity is not a whole number from 1 to 1,000,000."
    remedy = Remedy("Give a whole number from 1 to 1000000.", page="set-up.md#a-device")


class InvalidTagError(AgentError):
    code = "invalid_tag"
    message = "The licence tag is too long or has characters that are not allowed."
    remedy = Remedy(
        "Copy the tag from the catalogue, without blanks or line breaks.", page="orders-and-catalogue.md#catalogue"
    )


class UnknownUseError(AgentError):
    code = "not_in_use"
    message = "The device does not use, hold or await this licence."
    remedy = Remedy(
        "List the licences of this device with `agent status`.",
        page="troubleshooting.md#a-device-is-registered-and-may-not-use-a-licence",
    )


class RestrictedError(AgentError):
    code = "restricted_needs_export_request"
    message = "A restricted licence can only be used after central has granted it."
    remedy = Remedy(
        "Request it with `agent request-export TAG COUNT` and collect the answer with `agent renew auth`.",
        page="restricted-licences.md#from-request-to-use",
    )


class NoConversionError(AgentError):
    code = "no_conversion"
    message = "This device requested no conversion of classic licences."
    remedy = Remedy(
        "Name the classic licences of the device: `agent convert SKU=QUANTITY`.",
        page="conversion.md#conversion-by-the-device",
    )


class DetachedError(AgentError):
    code = "detached"
    message = "The device is detached: it does not speak with its server until its term ends."
    remedy = Remedy(
        "Connect the device and run `agent reattach`, or wait until the term ends.", page="detached.md#coming-back"
    )


class NotDetachedError(AgentError):
    code = "not_detached"
    message = "The device is not detached."
    remedy = Remedy("Nothing needs to be done.", page="detached.md#coming-back")


class ClockDiffersError(AgentError):
    code = "clock_differs"
    message = "The server's clock is behind this device's: a term that it gives would end early."
    remedy = Remedy(
        "Set the clock of the server, or of the device, right; then detach the device.", page="detached.md#going-away"
    )


class InvalidDaysError(AgentError):
    code = "invalid_days"
    message = "The time is not a whole number of days from 1 to 365."
    remedy = Remedy("Give a whole number of days from 1 to 365.", page="detached.md#going-away")


class ServerUnreachableError(AgentError):
    code = "server_unreachable"
    message = "The server did not answer: name, route, port or time-out."
    remedy = Remedy(
        "Check the address, the network and that the server runs; the device retries automatically.",
        page="troubleshooting.md#a-device-does-not-register",
    )


class TlsRefusedError(AgentError):
    code = "tls_not_trusted"
    message = "The server's TLS certificate comes from an authority that this device does not trust."
    remedy = Remedy(
        "Give the server's CA with --ca, or the fingerprint that its console shows with --fingerprint.", page="tls.md"
    )


class TlsNameError(TlsRefusedError):
    code = "tls_certificate_name"
    message = "The server's TLS certificate is for another name or address than the one of --url."
    remedy = Remedy(
        "Use a name or address from the certificate, or have a certificate issued for this one.",
        page="tls.md",
    )


class TlsExpiredError(TlsRefusedError):
    code = "tls_certificate_expired"
    message = "The server's TLS certificate has expired, or this device's clock is ahead."
    remedy = Remedy(
        "Check this device's clock; if it is correct, have the server's certificate renewed.",
        page="tls.md",
    )


class TlsNotYetValidError(TlsRefusedError):
    code = "tls_certificate_not_yet_valid"
    message = "The server's TLS certificate is not valid yet: this device's clock is probably behind."
    remedy = Remedy(
        "Check this device's clock; if it is correct, check the clock of the machine that issued the certificate.",
        page="tls.md",
    )


class TlsFingerprintError(TlsRefusedError):
    code = "tls_fingerprint_differs"
    message = "The server shows another TLS certificate than the one whose fingerprint was given."
    remedy = Remedy(
        "If the server's certificate was replaced, register with its new fingerprint; otherwise look for a machine in between.",
        page="tls.md",
    )


class TlsNotSpokenError(TlsRefusedError):
    code = "tls_not_spoken"
    message = "The server does not use TLS, or no version that this device supports."
    remedy = Remedy("Correct scheme and port of the address; look for a proxy or filter in between.", page="tls.md")


class TlsUnusableError(TlsRefusedError):
    code = "tls_trust_unusable"
    message = "The CA certificate cannot be used, or TLS options were given for an address without https."
    remedy = Remedy(
        "Use a PEM file for --ca, and an address that begins with https://.",
        page="tls.md",
    )


class AnswerRefusedError(AgentError):
    code = "answer_not_trusted"
    message = "The answer of the server cannot be trusted."
    remedy = Remedy(
        "Check that the root file belongs to the vendor of this server; nothing was changed.",
        page="troubleshooting.md#a-device-does-not-register",
    )


class ServerRefusedError(AgentError):
    code = "refused"
    message = "The server refused; the error has the server's code."
    result: Mapping[str, object] = MappingProxyType({})
    """Facts of a signed refusal, with which the device goes on."""


class ServerBusyError(ServerRefusedError):
    code = "server_busy"
    message = "The server is busy; it says when to retry."
    remedy = Remedy(
        "Wait; the device retries automatically at the time that the server named, plus a random delay.",
        page="set-up.md#a-device",
    )

    def __init__(
        self, message: str = "", *, remedy: str | None = None, code: str | None = None, retry_after: int | None = None
    ) -> None:
        """`retry_after` is in seconds, None where the server named no time."""
        super().__init__(message, remedy=remedy, code=code)
        self.retry_after = retry_after


class StateDamagedError(AgentError):
    code = "state_damaged"
    message = "The state folder of this device cannot be read or was altered."
    remedy = Remedy("Restore the folder, or remove it and register the device again.", page="set-up.md#a-device")


class FileUnreadableError(AgentError):
    code = "file_unreadable"
    message = "A file named on the command line cannot be read or written."
    remedy = Remedy("Check the path and its permissions.", page="set-up.md#a-device")


class WrongOwnerError(AgentError):
    code = "wrong_owner"
    message = "The state folder, or a file in it, belongs to another user; nothing was read or changed."
    remedy = Remedy(
        "Run the command as the owner of the folder, or change the owner of the folder and its contents.",
        page="troubleshooting.md#the-server",
    )


class RootMismatchError(AgentError):
    code = "wrong_vendor"
    message = "The device already trusts the root of another vendor."
    remedy = Remedy("Use the root file that this device trusts, or a new state folder.", page="set-up.md")


class NotALabError(AgentError):
    code = "not_a_lab"
    message = "The clock of this device cannot be set: it does not belong to a laboratory."
    remedy = Remedy(
        "Only a device registered with the root of a laboratory has a clock that can be moved.",
        page="set-up.md#a-laboratory",
    )


class AlreadyReservedError(AgentError):
    code = "already_reserved"
    message = "A reservation is installed already."
    remedy = Remedy("Return it first with `agent reserve return`.", page="reservation.md#giving-back")


class NotReservedError(AgentError):
    code = "not_reserved"
    message = "The device has not requested a reservation, or has none installed."
    remedy = Remedy(
        "Make a request code with `agent reserve request`, and install the authorization code from central.",
        page="reservation.md#from-request-to-use",
    )


class CodeRefusedError(AgentError):
    code = "code_refused"
    message = "The code is not for this device, or was altered."
    remedy = Remedy(
        "Install the unchanged file that central made for the request code of this device.",
        page="reservation.md#from-request-to-use",
    )


class NoCodeForIdentityError(AgentError):
    code = "no_code_for_identity"
    message = "A request code cannot name this product id or serial number."
    remedy = Remedy(
        "Register the device over the network; reservations need names without blanks and colons.",
        page="reservation.md#from-request-to-use",
    )


def refusal_of_use(tag: str, state: str) -> AgentError:
    """Why a licence cannot be used, by the state that the server names for it."""
    if state == "restricted_needs_export_request":
        return RestrictedError("{tag} is a restricted licence: central has to grant it to this device", tag=tag)
    if state == "not_found":
        return UnknownUseError("the server does not know the licence {tag}", code="unknown_entitlement", tag=tag)
    return InvalidTagError("the server cannot authorize {tag} for this device", code="invalid_entitlement", tag=tag)
