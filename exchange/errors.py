"""Reasons why a file or message is refused: one class per reason, each with a stable code and a remedy."""

from __future__ import annotations

from typing import ClassVar


class ExchangeError(Exception):
    """Root of every refusal of the exchange."""

    code: ClassVar[str] = "exchange_error"
    remedy: str = "Read the message and ask for the file again."

    def __init__(self, message: str = "", **details: str | int) -> None:
        """`message` is a sentence for people, `details` hold ids and numbers."""
        super().__init__(message or (type(self).__doc__ or ""))
        self.message = message or (type(self).__doc__ or "")
        self.details = details


class AlteredError(ExchangeError):
    """The content does not match its signature or digest: something was changed, added or left out."""

    code = "altered"
    remedy = "Carry the original file again, byte for byte; do not open and save it in an editor."


class TruncatedError(ExchangeError):
    """The file ends before its content does."""

    code = "truncated"
    remedy = "Copy the file again and compare its size with the original."


class MalformedError(ExchangeError):
    """The bytes are not what this kind of file or message is made of."""

    code = "malformed"
    remedy = "Check that this is the file that was meant; if it is, carry the original again, byte for byte."


class WrongKindError(ExchangeError):
    """The file is genuine in form but of another kind than is needed here."""

    code = "wrong_kind"
    remedy = "Give the kind of file that this step asks for."


class WrongSatelliteError(ExchangeError):
    """The file is meant for another satellite."""

    code = "wrong_satellite"
    remedy = "Take the file to the satellite that its first line names."


class WrongVendorError(ExchangeError):
    """The file belongs to the central of another vendor."""

    code = "wrong_vendor"
    remedy = "Take the file to the vendor whose root this machine was made with."


class UnknownIssuerError(ExchangeError):
    """No key that is trusted for this kind of file has signed it."""

    code = "unknown_issuer"
    remedy = "Check where the file comes from; a newer root may be needed to know its key."


class NotMineError(ExchangeError):
    """The file answers something that this machine never made."""

    code = "not_mine"
    remedy = "Find out whether a copy of this machine is running; make and carry a new file from this one."


class ForkError(ExchangeError):
    """Two machines speak as the same satellite, or one was restored from an older copy."""

    code = "fork"
    remedy = "Decide which machine is to live on and resynchronize it with a fresh registration file."


class ResyncRequiredError(ExchangeError):
    """The file belongs to an epoch or key that has ended."""

    code = "resync_required"
    remedy = "Import the newest authorization file at the satellite, or resynchronize it at central."


class ExpiredError(ExchangeError):
    """The time for which this was valid is over."""

    code = "expired"
    remedy = "Ask for a new one; compare the clocks of both sides if this is unexpected."


class NotYetValidError(ExchangeError):
    """This was made in the future, as this machine's clock sees it."""

    code = "not_yet_valid"
    remedy = "Compare the clocks of both sides and set the wrong one right."


class UnsupportedVersionError(ExchangeError):
    """The format's version is one that this program does not know."""

    code = "unsupported_version"
    remedy = "Update the program on this side."


class TooLargeError(ExchangeError):
    """Larger than anything of this kind can be."""

    code = "too_large"
    remedy = "Check that this is the file that was meant."


class SupersededError(ExchangeError):
    """A newer file of the same satellite was already taken in."""

    code = "superseded"
    remedy = "Nothing is lost: the newer file held all of this. Carry the newest response back."


class OlderThanAppliedError(ExchangeError):
    """A newer response was already applied."""

    code = "older_than_applied"
    remedy = "Nothing needs to be done."


class AlreadyAppliedError(ExchangeError):
    """This response was already applied."""

    code = "already_applied"
    remedy = "Nothing needs to be done."


class LabMismatchError(ExchangeError):
    """What a laboratory signed is refused outside it, and the other way round."""

    code = "lab_mismatch"
    remedy = "Use files and roots of the same world: laboratory with laboratory, real with real."


class NewerRootNeededError(ExchangeError):
    """The chain of root documents has a gap: versions between the known and the offered one are missing."""

    code = "trust_needs_newer_root"
    remedy = "Ask the vendor for the root documents in between."


class RegistrationNeededError(ExchangeError):
    """Only a fresh registration file can bring this satellite back."""

    code = "registration_needed"
    remedy = "Make a new registration file on the machine that is to live on, and give it with the command."


ALL_ERRORS: tuple[type[ExchangeError], ...] = tuple(
    sorted(ExchangeError.__subclasses__(), key=lambda error: error.code)
)
ALL_CODES: tuple[str, ...] = tuple(error.code for error in ALL_ERRORS)
