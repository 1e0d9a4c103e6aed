"""Refusals of support bundles."""

from __future__ import annotations

from serverkit.errors import AppError, Remedy


class SupportKeyError(AppError):
    code = "support_key_unreadable"
    message = "This is not a key for support bundles."
    remedy = Remedy(
        "Use a file that `support key` wrote: the public one to seal, the private one to open.",
        page="troubleshooting.md#support-bundle",
    )


class SealBrokenError(AppError):
    code = "support_bundle_locked"
    message = "The bundle was sealed to another key, or it was altered."
    remedy = Remedy(
        "Use the private key of the public key that it was sealed to.", page="troubleshooting.md#support-bundle"
    )
