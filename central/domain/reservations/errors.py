"""Refusals about reservations."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError


class InvalidCodeError(InvalidInputError):
    """A request, confirmation or return code is mistyped or of another form."""

    code = "invalid_code"
    remedy = "Copy the code again, exactly as the device shows it."


class AlreadyReservedError(RefusedError):
    """Licences are reserved for this device already."""

    code = "already_reserved"
    remedy = "Remove the device with its return code first."


class DeviceConnectedError(RefusedError):
    """The device is registered over the network."""

    code = "device_connected"
    remedy = "Deregister the device, or remove it (and synchronize its satellite), before licences are reserved for it."


class CodeUsedError(RefusedError):
    """This request code was used before."""

    code = "request_code_used"
    remedy = "Let the device make a new request code."


class NothingReservedError(InvalidInputError):
    """A reservation names at least one licence, and each only once."""

    code = "nothing_to_reserve"
    remedy = "Name each licence once, with a quantity of at least 1."


class RestrictedNotPermittedError(RefusedError):
    """This account may not use export-controlled functions."""

    code = "restricted_not_permitted"
    remedy = "The vendor permits it for the account; other licences can be reserved without it."


class ReservationOffError(RefusedError):
    """Licences are not reserved for this account."""

    code = "reservation_off"
    remedy = "The vendor allows it for the account: `account change --reservation-allowed`."


class UpdatePendingError(RefusedError):
    """The update before this one waits for the device's confirmation."""

    code = "update_pending"
    remedy = (
        "Install the earlier code, take the confirmation code from the device, enter it; or have the vendor cancel."
    )


class NothingPendingError(RefusedError):
    """No authorization of this reservation waits for a confirmation."""

    code = "nothing_pending"
    remedy = "Look at the reservation: what was confirmed needs no more."


class ConfirmationMismatchError(RefusedError):
    """The confirmation code does not belong to the authorization that waits for it."""

    code = "confirmation_code_mismatch"
    remedy = "Install the newest authorization code on this very device, and enter the code that it shows then."


class TooManyUpdatesError(RefusedError):
    """A reservation can be updated so often and no more."""

    code = "too_many_updates"
    remedy = "Let the device give its reservation back and make a new request code."


class ReservationEndedError(RefusedError):
    """The reservation has ended."""

    code = "reservation_ended"
    remedy = "Make a new one with a new request code of the device."


class ReturnCodeNeededError(RefusedError):
    """Licences are reserved for this device, which is removed with its return code only."""

    code = "return_code_needed"
    remedy = (
        "Let the device give its reservation back, and enter the return code that it shows. "
        "For a device that is lost or dead the vendor releases the reservation, with a reason."
    )


class ReturnCodeMismatchError(RefusedError):
    """The return code does not belong to the reservation of this device."""

    code = "return_code_mismatch"
    remedy = "Enter the code that this very device showed when it gave its reservation back."


class UnknownReservationError(NotFoundError):
    """There is no such reservation."""

    code = "unknown_reservation"


class TooManyReleasesError(RefusedError):
    """Too many reserving devices of this virtual account were released without a return code."""

    code = "too_many_releases"
    remedy = "Enter the return code of a device that was released before, or wait until its terms have ended."


class FormerKeyError(RefusedError):
    """The reservation is held by a former key: the device has registered with another one since."""

    code = "held_by_former_key"
    remedy = "Enter the return code of the device, or have the vendor release the reservation with a reason."
