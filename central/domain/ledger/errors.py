"""Refusals of the ledger."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy


class RestrictedNotAvailableError(RefusedError):
    code = "restricted_licence_not_available"
    message = "The virtual account has too few free units of a restricted licence."
    remedy = Remedy(
        "Add licences to this virtual account, or move the device to one that has them.",
        page="restricted-licences.md#why-a-request-fails",
    )


class InvalidQuantityError(InvalidInputError):
    code = "invalid_quantity"
    message = "A quantity is not a whole number from 1 to 1,000,000,000."
    remedy = Remedy("Give a whole number, at least 1.", page="operations.md#central")


class UnknownLicenceError(NotFoundError):
    code = "unknown_licence"
    message = "There is no such licence in this virtual account."
    remedy = Remedy("List the licences with `licences`.", page="operations.md#central")


class UnknownLotError(NotFoundError):
    code = "unknown_lot"
    message = "There is no such lot in this virtual account."
    remedy = Remedy(
        "Look at the lots of the virtual account; one that was transferred is elsewhere.", page="operations.md#central"
    )


class NotEnoughFreeError(RefusedError):
    code = "not_enough_free"
    message = "The request exceeds the free quantity."
    remedy = Remedy("Choose at most the quantity that is free.", page="operations.md#central")


class SameVirtualAccountError(InvalidInputError):
    code = "same_virtual_account"
    message = "Source and target are the same virtual account."
    remedy = Remedy("Choose another target.", page="operations.md#central")


class CentralRecoveringError(RefusedError):
    code = "central_recovering"
    message = "Central was restored from an older copy and does not know yet what this site holds."
    remedy = Remedy(
        "Have the satellite import its new authorization file and synchronize; then try again.",
        page="backup-and-restore.md#after-restoring-central",
    )


class InvalidLotError(InvalidInputError):
    code = "invalid_lot"
    message = "A lot cannot be as it is described."
    remedy = Remedy("Correct what the message names.", page="orders-and-catalogue.md#orders")


class NoteMissingError(InvalidInputError):
    code = "note_missing"
    message = "The change needs a note that says why."
    remedy = Remedy("Say why in a note; it is kept in the transactions.", page="central-portal.md#lots")


class UnknownOrderLineError(NotFoundError):
    code = "unknown_order_line"
    message = "There is no such line of an order."
    remedy = Remedy("Look for it in the list of orders.", page="orders-and-catalogue.md")


class OrderHeldError(RefusedError):
    code = "order_held"
    message = "Licences of the order are reserved for devices or granted to them."
    remedy = Remedy(
        "Have the reservations and grants returned, or release them; then cancel the order.",
        page="orders-and-catalogue.md#cancelled-orders",
    )


class OrderCancelledError(RefusedError):
    code = "order_cancelled"
    message = "Nothing of the order is left: it was cancelled, or its licences ended or were converted."
    remedy = Remedy(
        "Look at the order for what became of its licences.", page="orders-and-catalogue.md#cancelled-orders"
    )
