"""Refusals about satellites."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError


class UnknownSatelliteError(NotFoundError):
    """The account has no such satellite."""

    code = "unknown_satellite"


class SatelliteExistsError(RefusedError):
    """The name is taken, or this very machine is registered already; the message says which."""

    code = "satellite_exists"
    remedy = "Choose another name; a machine that is registered comes back with `central satellite resync`."


class ApprovalPendingError(RefusedError):
    """The request waits for the vendor's approval."""

    code = "approval_pending"
    remedy = "A vendor administrator approves it: `central satellite approve DOMAIN NAME`."


class NothingToApproveError(RefusedError):
    """There is no request that waits for approval."""

    code = "nothing_to_approve"
    remedy = "Nothing needs to be done."


class NotAuthorizedError(RefusedError):
    """The satellite was not authorized yet."""

    code = "not_authorized"
    remedy = "Make the authorization file with `central satellite authorize` and import it at the satellite."


class VirtualAccountInUseError(RefusedError):
    """The virtual account holds product instances or reservations, or belongs to another satellite."""

    code = "virtual_account_in_use"
    remedy = "Choose an empty virtual account, or move its product instances first."


class RegistrationMismatchError(RefusedError):
    """The registration file is of another satellite."""

    code = "wrong_satellite"
    remedy = "Make the registration file on the satellite that is to be resynchronized."


class RegistrationUsedError(RefusedError):
    """The registration file brings a key that this satellite has used before."""

    code = "registration_used"
    remedy = "Make a new registration file on the machine that is to live on: `satellite registration export`."
