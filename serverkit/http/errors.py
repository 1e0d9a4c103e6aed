"""Refusals by the edge itself, before any action runs."""

from __future__ import annotations

from serverkit.errors import AppError, ForbiddenError, InvalidInputError, RefusedError, Remedy


class NotSignedInError(AppError):
    code = "invalid_credentials"
    message = "The request has no valid access token."
    remedy = Remedy("Send a valid access token in the Authorization header.", page="api.md#calls")
    status = 401


class TooManyFailuresError(AppError):
    code = "too_many_failures"
    message = "Too many failed sign-ins from this address."
    remedy = Remedy("Wait for the time that Retry-After names, and use a valid access token.", page="api.md#calls")
    status = 429


class ReadOnlyTokenError(ForbiddenError):
    code = "read_only_token"
    message = "The token only allows reading."
    remedy = Remedy("Use a token with a scope that allows changes.", page="api.md#calls")


class ParameterError(InvalidInputError):
    code = "invalid_parameter"
    message = "A parameter or member of the body is not valid for the operation."
    remedy = Remedy(
        "Correct what the message names; the OpenAPI description lists what is allowed.", page="api.md#calls"
    )


class BodyNotJsonError(AppError):
    code = "malformed"
    message = "The body is not a JSON object."
    remedy = Remedy("Send a JSON object in UTF-8.", page="api.md#calls")


class MediaTypeError(AppError):
    code = "unsupported_media_type"
    message = "The body is of a media type that the operation does not take."
    remedy = Remedy("Send the media type that the message names.", page="api.md#calls")
    status = 415


class PreconditionError(AppError):
    code = "changed_meanwhile"
    message = "The resource has changed since it was read."
    remedy = Remedy(
        "Read it again, and repeat the change with the new ETag if it is still wanted.", page="api.md#calls"
    )
    status = 412


class KeyReusedError(RefusedError):
    code = "idempotency_key_reused"
    message = "The idempotency key was used for another call."
    remedy = Remedy("Use a new key for each change.", page="api.md#calls")


class KeyInUseError(RefusedError):
    code = "idempotency_key_in_use"
    message = "A call with the same idempotency key is in progress."
    remedy = Remedy("Repeat the call; it returns the answer of the first one.", page="api.md#calls")


class InvalidKeyError(InvalidInputError):
    code = "invalid_idempotency_key"
    message = "An idempotency key is 1 to 64 letters, digits, dots, underscores and hyphens."
    remedy = Remedy("Use a random identifier, such as a UUID.", page="api.md#calls")
