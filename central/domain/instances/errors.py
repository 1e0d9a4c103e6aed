"""Refusals about product instances."""

from __future__ import annotations

from central.domain.accounts.errors import SatelliteVirtualAccountError
from serverkit.errors import NotFoundError, RefusedError


class UnknownInstanceError(NotFoundError):
    """There is no such product instance."""

    code = "unknown_instance"


class ManagedBySatelliteError(SatelliteVirtualAccountError):
    """The instance belongs to a satellite, which manages it."""


class RestrictedHeldError(RefusedError):
    """The instance holds restricted licences."""

    code = "restricted_licences_held"
    remedy = "Let the device return them, or release them as the vendor with --release-restricted and a --reason."


class ReasonNeededError(RefusedError):
    """A release of restricted licences needs a reason, which is kept."""

    code = "reason_needed"
    remedy = "Say why with --reason."
