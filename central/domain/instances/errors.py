"""Refusals about product instances."""

from __future__ import annotations

from chassis.errors import NotFoundError, RefusedError


class UnknownInstanceError(NotFoundError):
    """There is no such product instance."""

    code = "unknown_instance"


class ManagedBySatelliteError(RefusedError):
    """The instance belongs to a satellite, which manages it."""

    code = "managed_by_satellite"
    remedy = "Do this on the satellite; it travels with the next synchronization."


class RestrictedHeldError(RefusedError):
    """The instance holds restricted licences."""

    code = "restricted_licences_held"
    remedy = "Let the device return them, or release them as the vendor with --release-restricted and a --reason."


class ReasonNeededError(RefusedError):
    """A release of restricted licences needs a reason, which is kept."""

    code = "reason_needed"
    remedy = "Say why with --reason."
