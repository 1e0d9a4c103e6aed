"""Refusals of the edge itself: before a service is asked."""

from __future__ import annotations

from serverkit.errors import AppError, ForbiddenError, InvalidInputError, RefusedError


class NotSignedInError(AppError):
    """No valid access token was shown."""

    code = "invalid_credentials"
    remedy = "Send a valid access token in the Authorization header."
    status = 401


class TooManyFailuresError(AppError):
    """Too many wrong credentials came from this address."""

    code = "too_many_failures"
    remedy = "Wait as long as Retry-After says, and use a valid access token."
    status = 429


class ReadOnlyTokenError(ForbiddenError):
    """The token may only read."""

    code = "read_only_token"
    remedy = "Use a token with a scope that allows changes."


class ParameterError(InvalidInputError):
    """A parameter or a member of the body is not what the operation takes."""

    code = "invalid_parameter"
    remedy = "Correct what the message names; the description of the interface says what is taken."


class BodyNotJsonError(AppError):
    """The body is not a JSON object."""

    code = "malformed"
    remedy = "Send a JSON object in UTF-8."


class MediaTypeError(AppError):
    """The body is of a media type that the operation does not take."""

    code = "unsupported_media_type"
    remedy = "Send the media type that the message names."
    status = 415


class PreconditionError(AppError):
    """The thing was changed since it was read."""

    code = "changed_meanwhile"
    remedy = "Read it again, and repeat the change with the new ETag if it is still wanted."
    status = 412


class KeyReusedError(RefusedError):
    """The idempotency key was used for another call."""

    code = "idempotency_key_reused"
    remedy = "Take a new key for each new change."


class KeyInUseError(RefusedError):
    """A call with the same idempotency key is being answered at this moment."""

    code = "idempotency_key_in_use"
    remedy = "Repeat the call; it gets the answer of the first one."


class InvalidKeyError(InvalidInputError):
    """An idempotency key is 1 to 64 letters, digits, dots, underscores and hyphens."""

    code = "invalid_idempotency_key"
    remedy = "Use a random identifier, such as a UUID."
