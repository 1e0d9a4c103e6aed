"""Access tokens for existing clients: client credentials, and a person's name and password."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from central.actions import grants
from central.actions.grants import EXPIRES_IN, IssuedTokens, WrongClientError
from central.domain.credentials.errors import BadCredentialsError
from central.runtime import Central
from serverkit.http.oauth import BadGrantError, UnknownClientError


class CentralGrants:
    """Issues tokens of one central, in the words of OAuth."""

    def __init__(self, server: Central) -> None:
        """Serve one central."""
        self._database = server.database

    def for_client(self, client: str, secret: str) -> Mapping[str, Any]:
        """A token that acts as the client's own user."""
        return _answered(lambda: grants.issue_for_client(self._database, client, secret))

    def for_person(self, client: str, secret: str, name: str, password: str) -> Mapping[str, Any]:
        """A token that acts as a person."""
        return _answered(lambda: grants.issue_for_person(self._database, client, secret, name, password))

    def for_refresh(self, client: str, secret: str, token: str) -> Mapping[str, Any]:
        """A further token for a person's program; the refresh token is replaced."""
        return _answered(lambda: grants.refresh(self._database, client, secret, token))


def _answered(issue: Callable[[], IssuedTokens]) -> dict[str, Any]:
    try:
        issued = issue()
    except WrongClientError as error:
        raise UnknownClientError from error
    except BadCredentialsError as error:
        raise BadGrantError(error.message) from error
    more = {} if issued.refresh_token is None else {"refresh_token": issued.refresh_token}
    return {"access_token": issued.access_token, "expires_in": EXPIRES_IN, **more}
