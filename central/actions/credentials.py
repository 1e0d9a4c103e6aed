"""Use cases of access tokens and API clients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import select

from central.actions.views import AccessTokenView, ApiClientView, CreatedAccessTokenView, CreatedApiClientView
from central.domain.access.rules import Permission
from central.domain.access.services import require, user_of
from central.domain.credentials import queries, services
from central.domain.credentials.models import AccessToken, ApiClient
from serverkit.actor import Actor
from serverkit.auth.bearers import recognise
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Database, Unit

ApiClientSort = Literal["id", "-id", "created", "-created"]
AccessTokenSort = Literal["id", "-id", "created", "-created", "expires", "-expires"]
CLIENTS = Sorting((ApiClient.id,), {"created": (ApiClient.created_at,)})
TOKENS = Sorting((AccessToken.id,), {"created": (AccessToken.created_at,), "expires": (AccessToken.expires_at,)})
NEWEST = Slice(sort="-created")


def recognise_bearer(database: Database, text: str, address: str) -> Actor:
    """The user whose access token is shown from an address; BadCredentialsError."""
    return recognise(database, services.bearer_of, services.note_use, text, address)


def list_access_tokens(unit: Unit, part: Slice = ALL) -> Listing:
    """List the access tokens that people created."""
    rows, following = page_of(unit, queries.access_tokens(unit), TOKENS, part)
    return Listing([AccessTokenView(**queries.token_members(row[0], row[1], unit)).shown() for row in rows], following)


def create_access_token(
    unit: Unit,
    user: str,
    *,
    days: int,
    scopes: Sequence[str] = (),
    description: str = "",
    addresses: Sequence[str] = (),
) -> dict[str, Any]:
    """Create an access token that acts as a user; its text is shown this once."""
    require(unit, Permission.USER_MANAGE)  # before anything is said of the user
    row, text = services.create_token(
        unit, user_of(unit, user), days=days, scopes=scopes, description=description, addresses=addresses
    )
    return CreatedAccessTokenView(**queries.token_members(row, user, unit), token=text).shown()


def revoke_access_token(unit: Unit, token_id: str) -> dict[str, Any]:
    """Revoke an access token."""
    return {"id": services.revoke_token(unit, token_id).id, "state": "revoked"}


def list_api_clients(unit: Unit, part: Slice = ALL) -> Listing:
    """List the API clients."""
    rows, following = page_of(unit, queries.clients(unit), CLIENTS, part)
    return Listing([ApiClientView(**queries.client_members(row[0], row[1])).shown() for row in rows], following)


def create_api_client(unit: Unit, user: str) -> dict[str, Any]:
    """Create an API client that acts as a user; its secret is shown this once."""
    require(unit, Permission.USER_MANAGE)
    row, secret = services.create_client(unit, user_of(unit, user))
    return CreatedApiClientView(**queries.client_members(row, user), client_id=row.id, client_secret=secret).shown()


def revoke_api_client(unit: Unit, client_id: str) -> dict[str, Any]:
    """Revoke an API client and its tokens."""
    return {"id": services.revoke_client(unit, client_id).id, "revoked": True}


def list_own_tokens(unit: Unit) -> list[dict[str, Any]]:
    """List the access tokens of the acting user, the newest first."""
    own = select(AccessToken).where(AccessToken.user_id == unit.actor.id, AccessToken.client_id == "")
    rows = unit.session.scalars(own.order_by(AccessToken.created_at.desc(), AccessToken.id))
    return [AccessTokenView(**queries.token_members(row, unit.actor.name, unit)).shown() for row in rows]


def create_own_token(
    unit: Unit, *, days: int, scopes: Sequence[str] = (), description: str = "", addresses: Sequence[str] = ()
) -> dict[str, Any]:
    """Create an access token that acts as the acting user, who signed in; its text is shown this once."""
    row, text = services.create_own_token(unit, days=days, scopes=scopes, description=description, addresses=addresses)
    return CreatedAccessTokenView(**queries.token_members(row, unit.actor.name, unit), token=text).shown()


def revoke_own_token(unit: Unit, token_id: str) -> dict[str, Any]:
    """Revoke an access token of the acting user."""
    return {"id": services.revoke_own_token(unit, token_id).id, "state": "revoked"}
