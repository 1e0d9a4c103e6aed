"""Refusals about satellites."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy


class UnknownSatelliteError(NotFoundError):
    code = "unknown_satellite"
    message = "The account has no such satellite."


class SatelliteExistsError(RefusedError):
    code = "satellite_exists"
    message = "The name is taken, or this machine is registered already; the message says which."
    remedy = Remedy(
        "Choose another name; bring a registered machine back with `central satellite resync`.",
        page="set-up.md#satellite",
    )


class ApprovalPendingError(RefusedError):
    code = "approval_pending"
    message = "The request waits for the vendor's approval."
    remedy = Remedy(
        "Have a vendor administrator approve it: `central satellite approve DOMAIN NAME`.", page="set-up.md#satellite"
    )


class NothingToApproveError(RefusedError):
    code = "nothing_to_approve"
    message = "No request waits for approval."
    remedy = Remedy("Nothing needs to be done.", page="set-up.md#satellite")


class NotAuthorizedError(RefusedError):
    code = "not_authorized"
    message = "The satellite is not authorized yet."
    remedy = Remedy(
        "Make the authorization file with `central satellite authorize` and import it at the satellite.",
        page="set-up.md#satellite",
    )


class VirtualAccountInUseError(RefusedError):
    code = "virtual_account_in_use"
    message = "The virtual account holds product instances or reservations, or belongs to another satellite."
    remedy = Remedy("Choose an empty virtual account, or move its product instances first.", page="set-up.md#satellite")


class RegistrationMismatchError(RefusedError):
    code = "wrong_satellite"
    message = "The registration file belongs to another satellite."
    remedy = Remedy("Make the registration file on the satellite that you resynchronize.", page="set-up.md#satellite")


class OtherAccountError(RefusedError):
    code = "not_of_account"
    message = "The file comes from a satellite that this account does not have."
    remedy = Remedy(
        "Open the account of that satellite and upload the file there.", page="central-portal.md#satellites"
    )


class FileNotKeptError(NotFoundError):
    code = "file_not_kept"
    message = "Central does not keep this file; it keeps all responses, and the requests of the newest 20 numbers."
    remedy = Remedy("Choose a file from the history of the satellite.", page="central-portal.md#satellites")


class NoDraftError(RefusedError):
    code = "no_registration"
    message = "No registration file was sent yet, or the request was completed or cancelled since."
    remedy = Remedy("Begin with the registration file of the satellite.", page="central-portal.md#new-satellite")


class NotComparedError(InvalidInputError):
    code = "key_not_compared"
    message = "The key of the satellite was not compared."
    remedy = Remedy(
        "Ask a person at the satellite to read out the key. Compare it with the one shown here, then confirm it.",
        page="central-portal.md#new-satellite",
    )


class NoVirtualAccountError(InvalidInputError):
    code = "no_virtual_account"
    message = "No virtual account was chosen."
    remedy = Remedy("Choose one or more virtual accounts for the satellite.", page="central-portal.md#new-satellite")


class RegistrationUsedError(RefusedError):
    code = "registration_used"
    message = "The registration file holds a key that this satellite has used before."
    remedy = Remedy(
        "Make a new registration file on the machine that you keep: `satellite registration export`.",
        page="set-up.md#satellite",
    )
