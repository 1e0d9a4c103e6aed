"""Refusals of requests for conversion."""

from __future__ import annotations

from serverkit.errors import NotFoundError, Remedy


class UnknownConversionError(NotFoundError):
    code = "unknown_conversion"
    message = "No device here made such a request for conversion, or a newer one of the device took its place."
    remedy = Remedy("List them with `satellite conversions`.", page="conversion.md#conversion-by-the-device")
