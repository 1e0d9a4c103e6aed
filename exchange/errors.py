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
        "Carry the original file again, byte for byte; do not open and save it in an editor.",
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
    message = "The bytes are not what this kind of file or message is made of."
    remedy = Remedy(
        "Check that this is the file that was meant; if it is, carry the original again, byte for byte.",
        page="synchronization.md#what-can-go-wrong",
    )


class WrongKindError(ExchangeError):
    code = "wrong_kind"
    message = "The file is genuine in form but of another kind than is needed here."
    remedy = Remedy("Give the kind of file that this step asks for.", page="synchronization.md#what-can-go-wrong")


class WrongSatelliteError(ExchangeError):
    code = "wrong_satellite"
    message = "The file is meant for another satellite."
    remedy = Remedy(
        "Take the file to the satellite that its first line names.", page="synchronization.md#what-can-go-wrong"
    )


class WrongVendorError(ExchangeError):
    code = "wrong_vendor"
    message = "The file belongs to the central of another vendor."
    remedy = Remedy("Take the file to the vendor whose root this machine was made with.", page="set-up.md")


class UnknownIssuerError(ExchangeError):
    code = "unknown_issuer"
    message = "No key that is trusted for this kind of file has signed it."
    remedy = Remedy(
        "Check where the file comes from; a newer root may be needed to know its key.",
        page="synchronization.md#what-can-go-wrong",
    )


class NotMineError(ExchangeError):
    code = "not_mine"
    message = "The file answers something that this machine never made."
    remedy = Remedy(
        "Find out whether a copy of this machine is running; make and carry a new file from this one.",
        page="synchronization.md#what-can-go-wrong",
    )


class ForkError(ExchangeError):
    code = "fork"
    message = "Two machines speak as the same satellite, or one was restored from an older copy."
    remedy = Remedy(
        "Decide which machine is to live on and resynchronize it with a fresh registration file.",
        page="synchronization.md#resynchronization",
    )


class ResyncRequiredError(ExchangeError):
    code = "resync_required"
    message = "The file belongs to an epoch or key that has ended."
    remedy = Remedy(
        "Import the newest authorization file at the satellite, or resynchronize it at central.",
        page="synchronization.md#resynchronization",
    )


class ExpiredError(ExchangeError):
    code = "expired"
    message = "The time for which this was valid is over."
    remedy = Remedy(
        "Ask for a new one; compare the clocks of both sides if this is unexpected.",
        page="time.md#when-the-clock-is-wrong",
    )


class NotYetValidError(ExchangeError):
    code = "not_yet_valid"
    message = "This was made in the future, as this machine's clock sees it."
    remedy = Remedy(
        "Compare the clocks of both sides and set the wrong one right.", page="time.md#when-the-clock-is-wrong"
    )


class UnsupportedVersionError(ExchangeError):
    code = "unsupported_version"
    message = "The format's version is one that this program does not know."
    remedy = Remedy("Update the program on this side.", page="synchronization.md#what-can-go-wrong")


class TooLargeError(ExchangeError):
    code = "too_large"
    message = "Larger than anything of this kind can be."
    remedy = Remedy("Check that this is the file that was meant.", page="synchronization.md#what-can-go-wrong")


class SupersededError(ExchangeError):
    code = "superseded"
    message = "A newer file of the same satellite was already taken in."
    remedy = Remedy(
        "Nothing is lost: the newer file held all of this. Carry the newest response back.",
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
    message = "What a laboratory signed is refused outside it, and the other way round."
    remedy = Remedy(
        "Use files and roots of the same world: laboratory with laboratory, real with real.",
        page="set-up.md#a-laboratory",
    )


class NewerRootNeededError(ExchangeError):
    code = "trust_needs_newer_root"
    message = "The chain of root documents has a gap: versions between the known and the offered one are missing."
    remedy = Remedy("Ask the vendor for the root documents in between.", page="set-up.md")


class RegistrationNeededError(ExchangeError):
    code = "registration_needed"
    message = "Only a fresh registration file can bring this satellite back."
    remedy = Remedy(
        "Make a new registration file on the machine that is to live on, and give it with the command.",
        page="synchronization.md#resynchronization",
    )


ALL_ERRORS: tuple[type[ExchangeError], ...] = tuple(
    sorted(ExchangeError.__subclasses__(), key=lambda error: error.code)
)
ALL_CODES: tuple[str, ...] = tuple(error.code for error in ALL_ERRORS)
