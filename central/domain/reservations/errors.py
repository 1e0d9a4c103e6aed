"""Refusals about reservations."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy


class InvalidCodeError(InvalidInputError):
    code = "invalid_code"
    message = "The code is mistyped or is not a code of this kind."
    remedy = Remedy("Copy the code again, exactly as the device shows it.", page="reservation.md")


class AlreadyReservedError(RefusedError):
    code = "already_reserved"
    message = "Licences are reserved for this device already."
    remedy = Remedy("Remove the device with its return code first.", page="reservation.md#giving-back")


class DeviceConnectedError(RefusedError):
    code = "device_connected"
    message = "The device is registered over the network."
    remedy = Remedy(
        "Deregister the device, or remove it (and synchronize its satellite), before licences are reserved for it.",
        page="reservation.md",
    )


class CodeUsedError(RefusedError):
    code = "request_code_used"
    message = "This request code was used before."
    remedy = Remedy("Make a new request code on the device.", page="reservation.md")


class CodeTooLongError(RefusedError):
    code = "code_too_long"
    message = "The licences do not fit into one authorization code."
    remedy = Remedy("Reserve fewer licences, or fewer terms of them, for one device.", page="reservation.md")


class NothingReservedError(InvalidInputError):
    code = "nothing_to_reserve"
    message = "A reservation needs at least one licence, each only once."
    remedy = Remedy("Name each licence once, with a quantity of at least 1.", page="reservation.md")


class RestrictedNotPermittedError(RefusedError):
    code = "restricted_not_permitted"
    message = "This account may not use export-controlled functions."
    remedy = Remedy(
        "Have the vendor permit it for the account; other licences can be reserved without it.", page="reservation.md"
    )


class ReservationOffError(RefusedError):
    code = "reservation_off"
    message = "Licence reservation is not allowed for this account."
    remedy = Remedy(
        "Have the vendor allow it: `central account change DOMAIN --reservation-allowed`.", page="reservation.md"
    )


class UpdatePendingError(RefusedError):
    code = "update_pending"
    message = "The update before this one waits for the device's confirmation."
    remedy = Remedy(
        "Install the earlier code on the device and enter the confirmation code that it shows; or have the vendor cancel the update.",
        page="reservation.md",
    )


class NothingPendingError(RefusedError):
    code = "nothing_pending"
    message = "This reservation does not wait for a confirmation."
    remedy = Remedy("Look at the reservation: its last authorization may be confirmed already.", page="reservation.md")


class ConfirmationMismatchError(RefusedError):
    code = "confirmation_code_mismatch"
    message = "The confirmation code does not belong to the authorization that waits for confirmation."
    remedy = Remedy(
        "Install the newest authorization code on this device, and enter the code that it shows.",
        page="reservation.md",
    )


class TooManyUpdatesError(RefusedError):
    code = "too_many_updates"
    message = "The reservation has reached its limit of updates."
    remedy = Remedy("Return the reservation on the device and make a new request code.", page="reservation.md")


class ReservationEndedError(RefusedError):
    code = "reservation_ended"
    message = "The reservation has ended."
    remedy = Remedy("Make a new one with a new request code of the device.", page="reservation.md")


class ReturnCodeNeededError(RefusedError):
    code = "return_code_needed"
    message = "Licences are reserved for this device; removing it needs its return code."
    remedy = Remedy(
        "Return the reservation on the device and enter the return code that it shows. If the device is lost or broken, the vendor releases the reservation, with a reason.",
        page="reservation.md",
    )


class ReturnCodeMismatchError(RefusedError):
    code = "return_code_mismatch"
    message = "The return code does not belong to the reservation of this device."
    remedy = Remedy("Enter the code that this device showed when it returned its reservation.", page="reservation.md")


class UnknownReservationError(NotFoundError):
    code = "unknown_reservation"
    message = "There is no such reservation."


class TooManyReleasesError(RefusedError):
    code = "too_many_releases"
    message = "Too many reserving devices of this virtual account were released without a return code."
    remedy = Remedy(
        "Enter the return code of a device that was released before, or wait until its terms have ended.",
        page="reservation.md",
    )


class FormerKeyError(RefusedError):
    code = "held_by_former_key"
    message = "The device has registered with a new key since, and the reservation belongs to its former key."
    remedy = Remedy(
        "Enter the return code of the device, or have the vendor release the reservation with a reason.",
        page="reservation.md",
    )


class AlreadyRehostedError(RefusedError):
    code = "already_rehosted"
    message = "What this device reserves was rehosted to a replacement already."
    remedy = Remedy("Rehost the replacement, or return its reservation first.", page="reservation.md#rehosting")


class NotRehostedError(RefusedError):
    code = "not_rehosted"
    message = "The device is not marked as failed and rehosted."
    remedy = Remedy(
        "Look at the reservation: the mark may have been reset, or the device returned.",
        page="reservation.md#rehosting",
    )


class TooManyRehostsError(RefusedError):
    code = "too_many_rehosts"
    message = "Licences are missing for the replacement, and too many failed devices are not returned yet."
    remedy = Remedy(
        "Enter the return code of a failed device, buy or transfer licences, or ask vendor support.",
        page="reservation.md#rehosting",
    )


class OwedUnitsError(RefusedError):
    code = "owed_units"
    message = "Units of this reservation are owed until the failed device that it replaces is returned."
    remedy = Remedy(
        "Enter the return code of the failed device, or buy or transfer licences to another device.",
        page="reservation.md#rehosting",
    )
