"""Refusals about product instances."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError, Remedy


class UnknownInstanceError(NotFoundError):
    code = "unknown_instance"
    message = "There is no such product instance."


class RestrictedHeldError(RefusedError):
    code = "restricted_licences_held"
    message = "The instance holds restricted licences."
    remedy = Remedy(
        "Return them on the device, or release only its other licences with --release-unrestricted; the vendor releases "
        "restricted ones with --release-restricted and a --reason.",
        page="restricted-licences.md#giving-back",
    )


class DetachedInstanceError(RefusedError):
    code = "instance_detached"
    message = "The instance is detached: its licences stay in use until its term ends."
    remedy = Remedy(
        "Reattach the device, or wait until its term ends; the vendor removes one that is lost with --reason.",
        page="detached.md#a-device-that-does-not-come-back",
    )


class NothingToReleaseError(RefusedError):
    code = "nothing_to_release"
    message = "The instance uses no unrestricted licence."
    remedy = Remedy(
        "Its restricted licences come free when the device returns them.", page="restricted-licences.md#giving-back"
    )


class NoFormerKeyError(RefusedError):
    code = "no_former_key"
    message = "No former key of the instance holds restricted licences."
    remedy = Remedy(
        "What the device itself holds is returned on the device, or released with the device.",
        page="restricted-licences.md#a-device-that-cannot-give-back",
    )


class ReasonNeededError(RefusedError):
    code = "reason_needed"
    message = "A release of restricted licences needs a reason, which is logged."
    remedy = Remedy("Give the reason with --reason.", page="operations.md#central")


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


class InstanceReservedError(RefusedError):
    code = "instance_reserved"
    message = "Licences are reserved by code for the product instance."
    remedy = Remedy("Rehost the reservation to the replacement.", page="reservation.md#rehosting")
