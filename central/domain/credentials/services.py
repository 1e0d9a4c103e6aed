"""Making and checking credentials."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, delete, select, update

from central.domain.access.errors import NotPermittedError
from central.domain.access.models import User
from central.domain.access.rules import MATRIX, Permission
from central.domain.access.services import find_user, held_roles, require
from central.domain.credentials.errors import (
    BadCredentialsError,
    InvalidTokenLifeError,
    UnknownAccessTokenError,
    UnknownClientError,
)
from central.domain.credentials.models import USER_TABLES, AccessToken, ApiClient, Password, RefreshToken
from central.domain.credentials.rules import (
    CLIENT_TOKEN_LIFE,
    MOST_DAYS,
    REFRESH_TOKEN_LIFE,
    USE_NOTED_EVERY,
    WRITE,
    limits_of,
    scope_text,
)
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.actor import Actor, ActorKind
from serverkit.auth.addresses import check_networks, is_within
from serverkit.auth.narrower import refuse_wider_addresses, refuse_wider_scope
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.locks import for_change
from serverkit.names import check_text
from serverkit.secrets_box import hash_secret, hash_shown, new_secret
from serverkit.users import backoff, credentials, sessions
from serverkit.users.passwords import password_place, verify_password
from serverkit.users.tables import Person

CLIENT_PREFIX, TOKEN_PREFIX, REFRESH_PREFIX = "pcs", "pca", "pcr"


@dataclass(frozen=True, slots=True)
class Bearer:
    """The owner of a token, and whether its use has to be noted."""

    actor: Actor
    token_id: str
    note_use: bool


def create_client(unit: Unit, user: User) -> tuple[ApiClient, str]:
    """Make an API client that acts as a user; returns it with its secret, which is shown once."""
    require(unit, Permission.USER_MANAGE)
    refuse_wider_scope(unit.actor, None)
    refuse_wider_addresses(unit.actor)
    secret = new_secret(CLIENT_PREFIX)
    row = ApiClient(id=new_id(), user_id=user.id, secret_hash=hash_secret(secret), created_at=unit.now, revoked=False)
    unit.session.add(row)
    message = f"API client of {user.name} made"
    record(unit, None, EventKind.API_CLIENT_CREATED, message, subject={"client": row.id, "user": user.id})
    return row, secret


def revoke_client(unit: Unit, client_id: str) -> ApiClient:
    """Revoke a client and every token that it took."""
    require(unit, Permission.USER_MANAGE)
    client_id = client_id.strip()
    row = unit.session.get(ApiClient, client_id)
    if row is None:
        raise UnknownClientError("there is no API client {client_id!r}", client_id=client_id[:64])
    if not row.revoked:
        row.revoked = True
        record(unit, None, EventKind.API_CLIENT_REVOKED, "API client revoked", subject={"client": row.id})
        for token in unit.session.scalars(select(AccessToken).where(AccessToken.client_id == client_id)):
            token.revoked = True
        unit.session.execute(delete(RefreshToken).where(RefreshToken.client_id == client_id))
    return row


def check_client(unit: Unit, client_id: str, secret: str) -> ApiClient:
    """The client of an id and secret; BadCredentialsError."""
    row = unit.session.get(ApiClient, client_id.strip()[:32]) if client_id else None
    wanted = row.secret_hash if row is not None else "0" * 64
    if not hmac.compare_digest(wanted, hash_shown(secret)) or row is None or row.revoked:
        raise BadCredentialsError("the client id or secret is not valid")
    return row


def create_token(
    unit: Unit, user: User, *, days: int, scopes: Sequence[str], description: str, addresses: Sequence[str] = ()
) -> tuple[AccessToken, str]:
    """Make an access token for a person's program; returns it with its text, which is shown once. BeyondTokenError."""
    require(unit, Permission.USER_MANAGE)
    refuse_wider_scope(unit.actor, limits_of(scope_text(scopes)))
    refuse_wider_addresses(unit.actor, check_networks(addresses))
    return _create_token(unit, user, days=days, scopes=scopes, description=description, addresses=addresses)


def create_own_token(
    unit: Unit, *, days: int, scopes: Sequence[str], description: str, addresses: Sequence[str] = ()
) -> tuple[AccessToken, str]:
    """Make an access token that acts as the actor, who signed in: no token makes another one."""
    user = unit.session.get(User, unit.actor.id)
    if user is None or unit.actor.kind is not ActorKind.USER or unit.actor.scopes is not None:
        raise NotPermittedError("only a person who signed in makes an access token of the own")
    return _create_token(unit, user, days=days, scopes=scopes, description=description, addresses=addresses)


def _create_token(
    unit: Unit, user: User, *, days: int, scopes: Sequence[str], description: str, addresses: Sequence[str]
) -> tuple[AccessToken, str]:
    if not 1 <= days <= MOST_DAYS:
        raise InvalidTokenLifeError
    check_text("description", description)
    scope, networks = scope_text(scopes), check_networks(addresses)
    row, text = _new_token(unit, user.id, "", scope, description, timedelta(days=days), networks)
    record(
        unit,
        None,
        EventKind.API_TOKEN_CREATED,
        f"access token of {user.name} made",
        subject={"token": row.id, "user": user.id, "scope": scope},
    )
    return row, text


def issue_client_token(unit: Unit, client: ApiClient, user_id: str | None = None) -> str:
    """A short-lived token for a client, in its own name or in that of a user who gave a password."""
    expired = delete(AccessToken).where(AccessToken.client_id != "", AccessToken.expires_at <= unit.now)
    unit.session.execute(expired)
    return _new_token(unit, user_id or client.user_id, client.id, WRITE, "", CLIENT_TOKEN_LIFE, [])[1]


def issue_refresh_token(unit: Unit, client: ApiClient, user_id: str) -> str:
    """Issue a refresh token for a person's program."""
    unit.session.execute(delete(RefreshToken).where(RefreshToken.expires_at <= unit.now))
    text = new_secret(REFRESH_PREFIX)
    row = RefreshToken(hash=hash_secret(text), user_id=user_id, client_id=client.id)
    row.expires_at = unit.now + REFRESH_TOKEN_LIFE
    unit.session.add(row)
    return text


def redeem_refresh_token(unit: Unit, client: ApiClient, text: str) -> str:
    """The user of a refresh token, which is used up; BadCredentialsError."""
    query = select(RefreshToken).where(RefreshToken.hash == hash_secret(text), RefreshToken.client_id == client.id)
    row = unit.session.scalars(for_change(query)).one_or_none()
    if row is None or row.expires_at <= unit.now or not _still_good(unit, row):
        raise BadCredentialsError("the refresh token is not valid")
    unit.session.delete(row)
    return row.user_id


def _still_good(unit: Unit, row: RefreshToken) -> bool:
    """Whether the password that a refresh token was given for is still the user's, and no second step was added to it."""
    changed = credentials.password_set_at(unit, USER_TABLES, row.user_id)
    if changed is None or changed > row.expires_at - REFRESH_TOKEN_LIFE:
        return False
    return credentials.two_step_of(unit, USER_TABLES, row.user_id) is None


def _new_token(
    unit: Unit, user_id: str, client_id: str, scope: str, description: str, life: timedelta, addresses: list[str]
) -> tuple[AccessToken, str]:
    text = new_secret(TOKEN_PREFIX)
    row = AccessToken(
        hash=hash_secret(text),
        id=new_id(),
        user_id=user_id,
        client_id=client_id,
        scope=scope,
        addresses=addresses,
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
    return _revoke(unit, select(AccessToken).where(AccessToken.id == token_id.strip()), token_id)


def revoke_own_token(unit: Unit, token_id: str) -> AccessToken:
    """Revoke an access token of the actor's own."""
    own = select(AccessToken).where(AccessToken.user_id == unit.actor.id, AccessToken.client_id == "")
    return _revoke(unit, own.where(AccessToken.id == token_id.strip()), token_id)


def _revoke(unit: Unit, query: Select[AccessToken], token_id: str) -> AccessToken:
    row = unit.session.scalars(query).one_or_none()
    if row is None:
        raise UnknownAccessTokenError("there is no access token {token_id!r}", token_id=token_id[:64])
    row.revoked = True
    record(unit, None, EventKind.API_TOKEN_REVOKED, "access token revoked", subject={"token": row.id})
    return row


def bearer_of(unit: Unit, text: str, address: str) -> Bearer:
    """The owner of this token; BadCredentialsError if it is unknown, expired, revoked or presented from a wrong address."""
    query = select(AccessToken, User.name).join(User, User.id == AccessToken.user_id)
    found = unit.session.execute(query.where(AccessToken.hash == hash_shown(text))).one_or_none()
    if found is None or found[0].revoked or found[0].expires_at <= unit.now:
        raise BadCredentialsError("the access token is not valid")
    row, name = found
    if not is_within(address, row.addresses):
        raise BadCredentialsError("the access token is not valid")
    actor = Actor(ActorKind.USER, row.user_id, name, limits_of(row.scope), tuple(row.addresses))
    return Bearer(actor, row.id, row.last_used_at is None or unit.now - row.last_used_at >= USE_NOTED_EVERY)


def note_use(unit: Unit, token_id: str) -> None:
    """Record the use of a token."""
    unit.session.execute(update(AccessToken).where(AccessToken.id == token_id.strip()).values(last_used_at=unit.now))


def set_password(unit: Unit, user: User, text: str) -> None:
    """Give a user a password; sessions of the user end, failed tries are forgotten. BeyondTokenError."""
    require(unit, Permission.USER_MANAGE)
    refuse_stronger(unit, user)
    credentials.set_password(unit, USER_TABLES, Person(user.id, user.name), text)
    sessions.end_all(unit, USER_TABLES, user.id)
    backoff.unlock(unit, USER_TABLES, user.name, backoff.code_name(user.id))
    record(unit, None, EventKind.PASSWORD_SET, f"password of {user.name} set", subject={"user": user.id})


def refuse_stronger(unit: Unit, user: User) -> None:
    """Refuse a token the password of a user who may do more than the token, from anywhere; BeyondTokenError."""
    refuse_wider_scope(unit.actor, {one for held in held_roles(unit, user.id) for one in MATRIX[held.role]})
    refuse_wider_addresses(unit.actor)


def check_password(unit: Unit, name: str, text: str) -> User:
    """The user of a name and password; BadCredentialsError, after the same time for every cause.

    No second step can be asked for here, so a user who has one is refused.
    """
    user = find_user(unit, name)
    row = unit.session.get(Password, user.id) if user is not None else None
    with password_place():
        right = verify_password(row.hash if row is not None else None, text)
    if not right or user is None:
        raise BadCredentialsError("the user name or password is not valid")
    if credentials.two_step_of(unit, USER_TABLES, user.id) is not None:
        raise BadCredentialsError("a user with a second step signs in in the browser; programs use an access token")
    return user
