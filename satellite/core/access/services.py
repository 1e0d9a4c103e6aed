"""Check permissions; create, use and revoke access tokens (row S3.4)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from satellite.core.access.errors import (
    BadCredentialsError,
    InvalidTokenLifeError,
    NotPermittedError,
    RoleTooHighError,
    UnknownAccessTokenError,
)
from satellite.core.access.models import ApiToken, RefreshToken, User
from satellite.core.access.rules import (
    MOST_DAYS,
    REFRESH_LIFE,
    SHORT_LIFE,
    TRUSTED_KINDS,
    USE_NOTED_EVERY,
    Permission,
    Role,
    is_within_role,
    permissions_of,
    role_of,
)
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from serverkit.actor import Actor, ActorKind
from serverkit.auth.addresses import check_networks, is_within
from serverkit.auth.narrower import refuse_wider_addresses
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.locks import for_change
from serverkit.names import check_name
from serverkit.secrets_box import hash_secret, hash_shown, new_secret

PREFIX, REFRESH_PREFIX = "psa", "psr"


@dataclass(frozen=True, slots=True)
class Bearer:
    """The owner of a token, and whether its use has to be noted."""

    actor: Actor
    token_id: str
    note_use: bool


def require(unit: Unit, permission: Permission) -> None:
    """Refuse unless the actor of the unit holds the permission; NotPermittedError."""
    require_actor(unit.actor, permission)


def require_actor(actor: Actor, permission: Permission) -> None:
    """Refuse unless an actor holds the permission, before any unit is open; NotPermittedError."""
    if actor.kind not in TRUSTED_KINDS and permission not in (actor.scopes or ()):
        raise NotPermittedError("{label} may not do this ({permission})", label=actor.label, permission=permission)


def create_token(
    unit: Unit, name: str, role: str, *, days: int, addresses: Sequence[str] = (), user: User | None = None
) -> tuple[ApiToken, str]:
    """Create an access token; returns it with its text, which is shown once.

    With `user` it is that user's own, and ends with the user; one's own needs no permission.
    """
    if user is None or user.id != unit.actor.id:
        require(unit, Permission.ACCESS_MANAGE)
    refuse_wider_addresses(unit.actor, check_networks(addresses))
    check_name("name", name)
    wanted = role_of(role)
    if user is not None and not is_within_role(wanted, Role(user.role)):
        raise RoleTooHighError(
            "a token with the role {role} permits more than {user}, who is {held}",
            role=role,
            user=user.name,
            held=user.role,
        )
    if not 1 <= days <= MOST_DAYS:
        raise InvalidTokenLifeError
    owner = user.id if user is not None else None
    row, text = _add(unit, "", owner, name, role, timedelta(days=days), check_networks(addresses))
    subject = {"token": row.id, "name": name, "role": role, **({"user": owner} if owner else {})}
    record(unit, EventKind.API_TOKEN_CREATED, f"access token {name} made", subject=subject)
    return row, text


def _add(
    unit: Unit, parent: str, user_id: str | None, name: str, role: str, life: timedelta, addresses: list[str]
) -> tuple[ApiToken, str]:
    text = new_secret(PREFIX)
    row = ApiToken(
        hash=hash_secret(text),
        id=new_id(),
        parent_id=parent,
        user_id=user_id,
        name=name,
        role=role,
        addresses=addresses,
        created_at=unit.now,
        created_by=unit.actor.label,
        expires_at=unit.now + life,
        revoked=False,
    )
    unit.session.add(row)
    return row, text


def revoke_token(unit: Unit, token_id: str) -> ApiToken:
    """Revoke an access token and whatever was taken with it; one's own needs no permission."""
    query = select(ApiToken).where(ApiToken.id == token_id.strip(), ApiToken.parent_id == "")
    row = unit.session.scalars(query).one_or_none()
    if row is None or row.user_id is None or row.user_id != unit.actor.id:
        require(unit, Permission.ACCESS_MANAGE)  # before anything is said of the token
    if row is None:
        raise UnknownAccessTokenError("there is no access token {token_id!r}", token_id=token_id[:64])
    if not row.revoked:
        row.revoked = True
        unit.session.execute(delete(ApiToken).where(ApiToken.parent_id == row.id))
        unit.session.execute(delete(RefreshToken).where(RefreshToken.parent_id == row.id))
        record(unit, EventKind.API_TOKEN_REVOKED, f"access token {row.name} revoked", subject={"token": row.id})
    return row


def bearer_of(unit: Unit, text: str, address: str) -> Bearer:
    """The owner of this token; BadCredentialsError if it is unknown, expired, revoked or presented from a wrong address."""
    row = unit.session.get(ApiToken, hash_shown(text))
    if row is None or row.revoked or row.expires_at <= unit.now or not is_within(address, row.addresses):
        raise BadCredentialsError("the access token is not valid")
    user = unit.session.get(User, row.user_id) if row.user_id is not None else None
    if row.user_id is not None and user is None:
        raise BadCredentialsError("the access token is not valid")
    scopes = permissions_of(row.role, user.role if user is not None else None)
    actor = Actor(
        ActorKind.USER,
        row.parent_id or row.id,
        user.name if user is not None else row.name,
        scopes,
        tuple(row.addresses),
    )
    return Bearer(actor, row.id, row.last_used_at is None or unit.now - row.last_used_at >= USE_NOTED_EVERY)


def note_use(unit: Unit, token_id: str) -> None:
    """Record the use of a token."""
    unit.session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=unit.now))


def check_client(unit: Unit, token_id: str, text: str) -> ApiToken:
    """The token that a program shows by its id and text in place of a client's id and secret; BadCredentialsError."""
    query = select(ApiToken).where(ApiToken.id == token_id.strip()[:32], ApiToken.parent_id == "")
    row = unit.session.scalars(query).one_or_none()
    known = row.hash if row is not None else "0" * 64
    if not hmac.compare_digest(known, hash_shown(text)) or row is None or row.revoked or row.expires_at <= unit.now:
        raise BadCredentialsError("the client id or secret is not valid")
    return row


def issue_short_token(unit: Unit, parent: ApiToken) -> str:
    """A token for an hour, with the role and addresses of the one that it is taken with."""
    unit.session.execute(delete(ApiToken).where(ApiToken.parent_id != "", ApiToken.expires_at <= unit.now))
    return _add(unit, parent.id, parent.user_id, parent.name, parent.role, SHORT_LIFE, parent.addresses)[1]


def issue_refresh_token(unit: Unit, parent: ApiToken) -> str:
    """Issue a refresh token for a program."""
    unit.session.execute(delete(RefreshToken).where(RefreshToken.expires_at <= unit.now))
    text = new_secret(REFRESH_PREFIX)
    row = RefreshToken(hash=hash_secret(text), parent_id=parent.id, expires_at=unit.now + REFRESH_LIFE)
    unit.session.add(row)
    return text


def redeem_refresh_token(unit: Unit, parent: ApiToken, text: str) -> None:
    """Consume a refresh token; BadCredentialsError."""
    query = select(RefreshToken).where(RefreshToken.hash == hash_secret(text), RefreshToken.parent_id == parent.id)
    row = unit.session.scalars(for_change(query)).one_or_none()
    if row is None or row.expires_at <= unit.now:
        raise BadCredentialsError("the refresh token is not valid")
    unit.session.delete(row)
