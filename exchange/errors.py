"""Reasons why a file or message is refused: one class per reason, each with a stable code and a remedy."""

from __future__ import annotations

from typing import ClassVar

from exchange.refusal import Refusal, Remedy


class ExchangeError(Refusal):
    """Root of every refusal of the exchange."""

    code: ClassVar[str] = "exchange_error"
    message = "The file or message was refused."
    remedy = Remedy("Read the message and ask for the file again.", page="synchronization.md#what-can-go-wrong")


class AlteredError(ExchangeError):
    code = "altered"
    message = "The content does not match its signature or digest: something was changed, added or left out."
    remedy = Remedy(
        "Transport the original file again, byte for byte; do not open and save it in an editor.",
        page="synchronization.md#what-can-go-wrong",
    )


class TruncatedError(ExchangeError):
    code = "truncated"
    message = "The file ends before its content does."
    remedy = Remedy(
        "Copy the file again and compare its size with the original.", page="synchronization.md#what-can-go-wrong"
    )


class MalformedError(ExchangeError):
    code = "malformed"
    message = "The content does not have the format of this kind of file or message."
    remedy = Remedy(
        "Check that this is the right file; if it is, transport the original again, byte for byte.",
        page="synchronization.md#what-can-go-wrong",
    )


class WrongKindError(ExchangeError):
    code = "wrong_kind"
    message = "The file is of another kind than is needed here."
    remedy = Remedy("Use the kind of file that this step needs.", page="synchronization.md#what-can-go-wrong")


class WrongSatelliteError(ExchangeError):
    code = "wrong_satellite"
    message = "The file is for another satellite."
    remedy = Remedy(
        "Take the file to the satellite that its first line names.", page="synchronization.md#what-can-go-wrong"
    )


class WrongVendorError(ExchangeError):
    code = "wrong_vendor"
    message = "The file belongs to another vendor's central."
    remedy = Remedy("Take the file to the vendor whose root this machine trusts.", page="set-up.md")


class UnknownIssuerError(ExchangeError):
    code = "unknown_issuer"
    message = "No key that is trusted for this kind of file signed it."
    remedy = Remedy(
        "Check where the file comes from; a newer root may be needed to know its key.",
        page="synchronization.md#what-can-go-wrong",
    )


class NotMineError(ExchangeError):
    code = "not_mine"
    message = "The file answers a request that this machine did not make."
    remedy = Remedy(
        "Find out whether a copy of this machine is running; then make a new file on this machine.",
        page="synchronization.md#what-can-go-wrong",
    )


class ForkError(ExchangeError):
    code = "fork"
    message = "Two machines act as the same satellite, or one was restored from an older copy."
    remedy = Remedy(
        "Decide which machine to keep and resynchronize it with a new registration file.",
        page="synchronization.md#resynchronization",
    )


class ResyncRequiredError(ExchangeError):
    code = "resync_required"
    message = "The file belongs to an earlier epoch or a retired key."
    remedy = Remedy(
        "Import the newest authorization file at the satellite, or resynchronize it at central.",
        page="synchronization.md#resynchronization",
    )


class ExpiredError(ExchangeError):
    code = "expired"
    message = "The file or message is no longer valid."
    remedy = Remedy(
        "Request a new one; if this is unexpected, compare the clocks of both sides.",
        page="time.md#when-the-clock-is-wrong",
    )


class NotYetValidError(ExchangeError):
    code = "not_yet_valid"
    message = "The file or message is dated in the future, according to this machine's clock."
    remedy = Remedy(
        "Compare the clocks of both sides and correct the wrong one.", page="time.md#when-the-clock-is-wrong"
    )


class UnsupportedVersionError(ExchangeError):
    code = "unsupported_version"
    message = "This program does not know the version of the format."
    remedy = Remedy("Update the program on this side.", page="synchronization.md#what-can-go-wrong")


class TooLargeError(ExchangeError):
    code = "too_large"
    message = "The file or message is larger than the limit for its kind."
    remedy = Remedy("Check that this is the right file.", page="synchronization.md#what-can-go-wrong")


class SupersededError(ExchangeError):
    code = "superseded"
    message = "A newer file of the same satellite was already imported."
    remedy = Remedy(
        "Nothing is lost: the newer file contains all of it. Transport the newest response to the satellite.",
        page="synchronization.md#the-round-trip",
    )


class OlderThanAppliedError(ExchangeError):
    code = "older_than_applied"
    message = "A newer response was already applied."
    remedy = Remedy("Nothing needs to be done.", page="synchronization.md#the-round-trip")


class AlreadyAppliedError(ExchangeError):
    code = "already_applied"
    message = "This response was already applied."
    remedy = Remedy("Nothing needs to be done.", page="synchronization.md#the-round-trip")


class LabMismatchError(ExchangeError):
    code = "lab_mismatch"
    message = "Laboratory and production do not accept each other's signatures."
    remedy = Remedy(
        "Use files and roots of the same kind: laboratory with laboratory, production with production.",
        page="set-up.md#a-laboratory",
    )


class NewerRootNeededError(ExchangeError):
    code = "trust_needs_newer_root"
    message = "Root documents between the known version and the offered one are missing."
    remedy = Remedy("Get the missing root documents from the vendor.", page="set-up.md")


class RegistrationNeededError(ExchangeError):
    code = "registration_needed"
    message = "This satellite needs a new registration file."
    remedy = Remedy(
        "Make a new registration file on the machine that you keep, and name it with the command.",
        page="synchronization.md#resynchronization",
    )


ALL_ERRORS: tuple[type[ExchangeError], ...] = tuple(
    sorted(ExchangeError.__subclasses__(), key=lambda error: error.code)
)
ALL_CODES: tuple[str, ...] = tuple(error.code for error in ALL_ERRORS)
