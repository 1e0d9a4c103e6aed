"""Refusals about product instances."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError, Remedy


class UnknownInstanceError(NotFoundError):
    code = "unknown_instance"
    message = "There is no such product instance."


class DetachedInstanceError(RefusedError):
    code = "instance_detached"
    message = "The instance is detached: its licences stay in use until its term ends."
    remedy = Remedy(
        "Reattach the device, or wait until its term ends.",
        page="detached.md#a-device-that-does-not-come-back",
    )


class RestrictedHeldError(RefusedError):
    code = "restricted_licences_held"
    message = "The instance holds restricted licences."
    remedy = Remedy(
        "Return them on the device first; otherwise only central can free them.",
        page="restricted-licences.md#giving-back",
    )


class UnknownUnitError(NotFoundError):
    code = "unknown_unit"
    message = "The product instance has no unit with this serial number."
    remedy = Remedy("Name one of its units, or none for the active one.", page="sets.md#repair-and-removal")


class UnitKnownError(RefusedError):
    code = "unit_known"
    message = "The machine that is to replace the unit is a product instance already, or a unit of one."
    remedy = Remedy(
        "Remove that product instance first, or deregister that machine; then name it as the replacement.",
        page="sets.md#repair-and-removal",
    )
