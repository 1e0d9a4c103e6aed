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
