"""Making and checking credentials."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, select

from central.domain.access.models import User
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from central.domain.credentials.errors import (
    BadCredentialsError,
    InvalidTokenLifeError,
    UnknownAccessTokenError,
    UnknownClientError,
    WeakPasswordError,
)
from central.domain.credentials.models import AccessToken, ApiClient, Password
from central.domain.credentials.rules import (
    CLIENT_TOKEN_LIFE,
    LONGEST_PASSWORD,
    MOST_DAYS,
    SHORTEST_PASSWORD,
    TokenScope,
)
from chassis.actor import Actor, ActorKind
from chassis.db.unit import Unit
from chassis.ids import new_id
from chassis.names import check_text
from chassis.secrets_box import hash_secret, new_secret

CLIENT_PREFIX, TOKEN_PREFIX = "pcs", "pca"
_HASHER = PasswordHasher()


@cache
def _nobody() -> str:
    # Compared where a user has no password, so that the answer takes as long as for one who has.
    return _HASHER.hash("no user has this password")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who shows a token, and what it lets them do."""

    actor: Actor
    scope: TokenScope


def create_client(unit: Unit, user: User) -> tuple[ApiClient, str]:
    """Make an API client that acts as a user; returns it with its secret, which is shown once."""
    require(unit, Permission.USER_MANAGE)
    secret = new_secret(CLIENT_PREFIX)
    row = ApiClient(id=new_id(), user_id=user.id, secret_hash=hash_secret(secret), created_at=unit.now, revoked=False)
    unit.session.add(row)
    message = f"API client of {user.name} made"
    record(unit, None, EventKind.API_CLIENT_CREATED, message, subject={"client": row.id, "user": user.id})
    return row, secret


def revoke_client(unit: Unit, client_id: str) -> ApiClient:
    """Revoke a client and every token that it took."""
    require(unit, Permission.USER_MANAGE)
    row = unit.session.get(ApiClient, client_id)
    if row is None:
        raise UnknownClientError(f"there is no API client {client_id[:64]!r}")
    if not row.revoked:
        row.revoked = True
        record(unit, None, EventKind.API_CLIENT_REVOKED, "API client revoked", subject={"client": row.id})
        for token in unit.session.scalars(select(AccessToken).where(AccessToken.client_id == client_id)):
            token.revoked = True
    return row


def check_client(unit: Unit, client_id: str, secret: str) -> ApiClient:
    """The client of an id and secret; BadCredentialsError."""
    row = unit.session.get(ApiClient, client_id[:32]) if client_id else None
    wanted = row.secret_hash if row is not None else "0" * 64
    if not hmac.compare_digest(wanted, hash_secret(secret)) or row is None or row.revoked:
        raise BadCredentialsError("the client id or secret is not valid")
    return row


def create_token(unit: Unit, user: User, *, days: int, scope: TokenScope, description: str) -> tuple[AccessToken, str]:
    """Make an access token for a person's program; returns it with its text, which is shown once."""
    require(unit, Permission.USER_MANAGE)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidTokenLifeError
    check_text("description", description)
    row, text = _new_token(unit, user.id, "", scope, description, timedelta(days=days))
    record(
        unit,
        None,
        EventKind.API_TOKEN_CREATED,
        f"access token of {user.name} made",
        subject={"token": row.id, "user": user.id, "scope": scope.value},
    )
    return row, text


def issue_client_token(unit: Unit, client: ApiClient, user_id: str | None = None) -> tuple[AccessToken, str]:
    """A short-lived token for a client, in its own name or in that of a user who gave a password."""
    expired = delete(AccessToken).where(AccessToken.client_id != "", AccessToken.expires_at <= unit.now)
    unit.session.execute(expired)
    return _new_token(unit, user_id or client.user_id, client.id, TokenScope.WRITE, "", CLIENT_TOKEN_LIFE)


def _new_token(
    unit: Unit, user_id: str, client_id: str, scope: TokenScope, description: str, life: timedelta
) -> tuple[AccessToken, str]:
    text = new_secret(TOKEN_PREFIX)
    row = AccessToken(
        hash=hash_secret(text),
        id=new_id(),
        user_id=user_id,
        client_id=client_id,
        scope=scope.value,
        description=description,
        created_at=unit.now,
        expires_at=unit.now + life,
        revoked=False,
    )
    unit.session.add(row)
    return row, text


def revoke_token(unit: Unit, token_id: str) -> AccessToken:
    """Revoke an access token."""
    require(unit, Permission.USER_MANAGE)
    row = unit.session.scalars(select(AccessToken).where(AccessToken.id == token_id)).one_or_none()
    if row is None:
        raise UnknownAccessTokenError(f"there is no access token {token_id[:64]!r}")
    row.revoked = True
    record(unit, None, EventKind.API_TOKEN_REVOKED, "access token revoked", subject={"token": row.id})
    return row


def bearer_of(unit: Unit, text: str) -> Bearer:
    """Who shows this token; BadCredentialsError for one that is unknown, expired or revoked."""
    query = select(AccessToken, User.name).join(User, User.id == AccessToken.user_id)
    found = unit.session.execute(query.where(AccessToken.hash == hash_secret(text))).one_or_none()
    if found is None or found[0].revoked or found[0].expires_at <= unit.now:
        raise BadCredentialsError("the access token is not valid")
    return Bearer(Actor(ActorKind.USER, found[0].user_id, found[1]), TokenScope(found[0].scope))


def set_password(unit: Unit, user: User, text: str) -> None:
    """Give a user a password."""
    require(unit, Permission.USER_MANAGE)
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise WeakPasswordError
    unit.session.merge(Password(user_id=user.id, hash=_HASHER.hash(text), changed_at=unit.now))
    record(unit, None, EventKind.PASSWORD_SET, f"password of {user.name} set", subject={"user": user.id})


def check_password(unit: Unit, name: str, text: str) -> User:
    """The user of a name and password; BadCredentialsError, after the same time for every cause."""
    user = unit.session.scalars(select(User).where(User.name == name)).one_or_none()
    row = unit.session.get(Password, user.id) if user is not None else None
    try:
        _HASHER.verify(row.hash if row is not None else _nobody(), text[: LONGEST_PASSWORD * 4])
    except (Argon2Error, InvalidHashError) as error:
        raise BadCredentialsError("the user name or password is not valid") from error
    if user is None or row is None:
        raise BadCredentialsError("the user name or password is not valid")
    return user
