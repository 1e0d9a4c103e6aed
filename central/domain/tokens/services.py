"""Creates, revokes, removes and redeems registration tokens (rows C2.2, C2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.managed_accounts import refuse_managed, refuse_managed_by
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.agreements.services import require_agreement
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.tokens.errors import (
    ExportNotPermittedError,
)
from central.domain.tokens.models import Token
from serverkit.auth.tokens import TokenActiveError, TokenUse, UnknownTokenError, check_terms
from serverkit.db.unit import Unit
from serverkit.ids import is_id, new_id
from serverkit.locks import for_change
from serverkit.names import check_text, tidy_token
from serverkit.secrets_box import SecretBox, hash_secret, hash_shown, new_secret

PREFIX = "pct"
_SHOWN = for_change(select(Token).where(Token.hash == bindparam("shown")))


def create_token(
    unit: Unit,
    box: SecretBox,
    account: SmartAccount,
    virtual_account: VirtualAccount,
    *,
    days: int,
    uses: int | None,
    export_controlled: bool,
    description: str,
) -> tuple[Token, str]:
    """Make a token; returns it with the text that a device needs."""
    require(unit, Permission.TOKEN_MANAGE, account.id, virtual_account.id)
    require_agreement(unit, account)
    refuse_managed(unit, virtual_account, f"token create --virtual-account {virtual_account.name}")
    check_terms(days, uses)
    if export_controlled and not account.export_allowed:
        raise ExportNotPermittedError
    check_text("description", description)
    secret = new_secret(PREFIX)
    token = Token(
        account_id=account.id,
        id=new_id(),
        virtual_account_id=virtual_account.id,
        description=description,
        hash=hash_secret(secret),
        secret=box.encrypt(secret),
        created_at=unit.now,
        created_by=unit.actor.label,
        expires_at=unit.now + timedelta(days=days),
        max_uses=uses,
        uses=0,
        export_controlled=export_controlled,
        revoked=False,
    )
    unit.session.add(token)
    kind = EventKind.TOKEN_CREATED_RESTRICTED if export_controlled else EventKind.TOKEN_CREATED
    message = "registration token created" + (" with export-controlled functionality" if export_controlled else "")
    record(unit, account.id, kind, message, subject={"token": token.id}, virtual_account_id=virtual_account.id)
    return token, secret


def find_token(unit: Unit, account_id: str, token_id: str) -> Token:
    """A token by its id, or by its text where that was given instead."""
    wanted = tidy_token(token_id)
    by_text = select(Token).where(Token.account_id == account_id, Token.hash == hash_secret(wanted))
    token = unit.session.get(Token, (account_id, wanted)) or unit.session.scalars(by_text).first()
    if token is None:
        # What is not an id may be the text of a token: it is not repeated.
        raise UnknownTokenError("there is no token {id!r}" if is_id(wanted) else "", id=wanted)
    return token


def revoke_token(unit: Unit, token: Token) -> Token:
    """Revoke a token; what was registered with it stays (row C2.3)."""
    require(unit, Permission.TOKEN_MANAGE, token.account_id, token.virtual_account_id)
    refuse_managed_by(unit, token.account_id, token.satellite_id, "token", f"token revoke {token.id}")
    if not token.revoked:
        token.revoked = True
        message = "registration token revoked"
        record(
            unit,
            token.account_id,
            EventKind.TOKEN_REVOKED,
            message,
            subject={"token": token.id},
            virtual_account_id=token.virtual_account_id,
        )
    return token


def remove_token(unit: Unit, token: Token) -> None:
    """Remove a revoked or expired token from the list."""
    require(unit, Permission.TOKEN_MANAGE, token.account_id, token.virtual_account_id)
    refuse_managed_by(unit, token.account_id, token.satellite_id, "token", f"token remove {token.id}")
    if token.satellite_id is None and not token.revoked and token.expires_at > unit.licence_now:
        raise TokenActiveError
    record(
        unit,
        token.account_id,
        EventKind.TOKEN_REMOVED,
        "registration token removed",
        subject={"token": token.id},
        virtual_account_id=token.virtual_account_id,
    )
    unit.session.delete(token)


def drop_tokens(unit: Unit, account_id: str, virtual_account_id: str) -> None:
    """Forget the tokens of a virtual account that is deleted; none of them registers anything any more."""
    unit.session.execute(
        delete(Token).where(Token.account_id == account_id, Token.virtual_account_id == virtual_account_id),
        execution_options={"synchronize_session": "fetch"},
    )


def revoke_all(unit: Unit, account_id: str, virtual_account_id: str) -> list[str]:
    """Revoke every usable token of a virtual account that goes to a satellite; returns their ids."""
    query = select(Token).where(
        Token.account_id == account_id, Token.virtual_account_id == virtual_account_id, Token.revoked.is_(False)
    )
    tokens = [token for token in unit.session.scalars(query) if token.satellite_id is None]
    return [revoke_token(unit, token).id for token in tokens]


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The token if it is valid; otherwise the cause of its refusal, which the device does not learn."""

    token: Token | None
    cause: str = ""
    refused: Token | None = None


def redeem(unit: Unit, secret: str, registered_with: str | None = None) -> Redeemed:
    """Look a token up for a registration; uses are counted apart, under the row's lock.

    `registered_with` is the id of the token that this very device and key registered with before: the repetition of a
    registration whose answer was lost is no further use.
    """
    token = unit.session.scalars(_SHOWN, {"shown": hash_shown(secret)}).one_or_none()
    if token is None:
        return Redeemed(None, "unknown")
    if token.satellite_id is not None:
        return Redeemed(None, "belongs_to_satellite", token)
    use = TokenUse(token.revoked, token.expires_at, token.uses, token.max_uses)
    cause = use.refused_because(unit.licence_now, again=token.id == registered_with)
    return Redeemed(None, cause, token) if cause else Redeemed(token)
