"""Refusals to add licences to inventory from an instance."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy

PAGE = "orders-and-catalogue.md#licences-that-a-device-brings"


class AddingOffError(RefusedError):
    code = "adding_off"
    message = "The account does not add licences of devices to its inventory."
    remedy = Remedy("Have an account administrator switch `add_to_inventory` on.", page="central-portal.md#preferences")


class NotEntitledError(RefusedError):
    code = "product_not_entitled"
    message = "The product of the device is not entitled to this licence."
    remedy = Remedy("Choose one of the licences that are offered for the device.", page=PAGE)


class AlreadyAddedError(RefusedError):
    code = "licence_added_already"
    message = "The licence was added from this device already; each is added once."
    remedy = Remedy("Buy further units, or transfer some from another virtual account.", page=PAGE)


class AddedElsewhereError(RefusedError):
    code = "licence_added_elsewhere"
    message = "The licence was added from this device in another account; a device brings each licence once."
    remedy = Remedy("Ask the vendor, who can find out by the serial number where the licence is.", page=PAGE)


class TooManyToAddError(InvalidInputError):
    code = "too_many_to_add"
    message = "Fewer units of the licence come with the device."
    remedy = Remedy("Choose at most as many as are offered.", page=PAGE)


class NothingToAddError(InvalidInputError):
    code = "nothing_to_add"
    message = "No quantity is chosen."
    remedy = Remedy("Choose a quantity of at least one of the licences that are offered.", page=PAGE)


class InvalidIncludedError(InvalidInputError):
    code = "invalid_included_quantity"
    message = "The quantity of a licence that comes with a product is not allowed."
    remedy = Remedy("Give a whole number of at least 1.", page=PAGE)


class UnknownProductError(NotFoundError):
    code = "unknown_product"
    message = "The catalogue has no such product."
    remedy = Remedy("Import the product with the catalogue first.", page=PAGE)


class LicenceNamedTwiceError(InvalidInputError):
    code = "licence_named_twice"
    message = "A licence is named twice."
    remedy = Remedy("Name each licence once, by its tag or by its name, with its whole quantity.", page=PAGE)
