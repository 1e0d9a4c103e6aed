"""Refusals of the ledger."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, RefusedError


class RestrictedNotAvailableError(RefusedError):
    """The virtual account has too few free units of a restricted licence."""

    code = "restricted_licence_not_available"
    remedy = "Add licences to this virtual account, or move the device to one that has them."


class InvalidQuantityError(InvalidInputError):
    """A quantity is not a whole number from 1 to 1,000,000,000."""

    code = "invalid_quantity"
    remedy = "Give a whole number, at least 1."


class NotEnoughFreeError(RefusedError):
    """More is asked for than is free."""

    code = "not_enough_free"
    remedy = "Choose at most what the licence's details show as free."


class SameVirtualAccountError(InvalidInputError):
    """Source and target are the same virtual account."""

    code = "same_virtual_account"
    remedy = "Choose another target."


class CentralRecoveringError(RefusedError):
    """Central was restored from an older copy and does not know yet what this site holds."""

    code = "central_recovering"
    remedy = "Have the satellite import its new authorization file and synchronize; then try again."
