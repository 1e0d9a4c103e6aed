"""Refusals about product instances."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError


class UnknownInstanceError(NotFoundError):
    """There is no such product instance."""

    code = "unknown_instance"


class RestrictedHeldError(RefusedError):
    """The instance holds restricted licences."""

    code = "restricted_licences_held"
    remedy = "Let the device return them, or release them as the vendor with --release-restricted and a --reason."


class ReasonNeededError(RefusedError):
    """A release of restricted licences needs a reason, which is kept."""

    code = "reason_needed"
    remedy = "Say why with --reason."
