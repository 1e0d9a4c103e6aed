"""OAuth grants for existing clients: a token's id and text are its client id and secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from satellite.actions import access
from satellite.core.access.errors import BadCredentialsError, InvalidGrantError
from satellite.runtime import Satellite
from serverkit.http.oauth import BadGrantError, UnknownClientError


class SatelliteGrants:
    """Issues the tokens of one satellite."""

    def __init__(self, server: Satellite) -> None:
        """Serve one satellite."""
        self._server = server

    def for_client(self, client: str, secret: str) -> Mapping[str, Any]:
        """A short-lived token."""
        return _translated(lambda: access.issue_access_token(self._server, client, secret))

    def for_person(self, client: str, secret: str, name: str, password: str) -> Mapping[str, Any]:
        """A short-lived token with a refresh token."""
        return _translated(lambda: access.issue_tokens_for_person(self._server, client, secret, name, password))

    def for_refresh(self, client: str, secret: str, token: str) -> Mapping[str, Any]:
        """A further token; the refresh token is replaced."""
        return _translated(lambda: access.refresh_access_token(self._server, client, secret, token))


def _translated(issue: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Report a refusal by the two errors that clients of this protocol know."""
    try:
        return issue()
    except InvalidGrantError as error:
        raise BadGrantError(error.message) from error
    except BadCredentialsError as error:
        raise UnknownClientError from error
