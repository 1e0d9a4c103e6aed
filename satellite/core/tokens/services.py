"""Create, revoke, remove and redeem registration tokens (rows S3.2, S4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts.models import VirtualAccount
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.site.queries import authorized_site, refuses_for_agreement
from satellite.core.tokens.errors import (
    AgreementPendingError,
    ExportNotPermittedError,
)
from satellite.core.tokens.models import Token
from satellite.core.tokens.queries import token_state
from satellite.core.tokens.rules import judge_token_removal
from serverkit.auth.tokens import TokenUse, UnknownTokenError, check_terms
from serverkit.db.unit import Unit
from serverkit.ids import is_id, new_id
from serverkit.locks import for_change
from serverkit.names import check_text, tidy_token
from serverkit.secrets_box import SecretBox, hash_secret, hash_shown, new_secret

PREFIX = "pst"


def create_token(
    unit: Unit,
    box: SecretBox,
    virtual_account: VirtualAccount,
    *,
    days: int,
    uses: int | None,
    export_controlled: bool,
    description: str,
) -> tuple[Token, str]:
    """Create a token; returns it with the text that a device needs."""
    require(unit, Permission.TOKEN_MANAGE)
    site = authorized_site(unit)
    if refuses_for_agreement(unit, site):
        raise AgreementPendingError
    check_terms(days, uses)
    if export_controlled and not site.export_allowed:
        raise ExportNotPermittedError
    check_text("description", description)
    secret = new_secret(PREFIX)
    token = Token(
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
        removed=False,
        change_no=next_change(unit),
    )
    unit.session.add(token)
    kind = EventKind.TOKEN_CREATED_RESTRICTED if export_controlled else EventKind.TOKEN_CREATED
    message = "registration token created" + (" with export-controlled functionality" if export_controlled else "")
    record(unit, kind, message, subject={"token": token.id}, virtual_account_id=virtual_account.id)
    return token, secret


def find_token(unit: Unit, token_id: str) -> Token:
    """A token by its id, or by its text where that was given instead."""
    wanted = tidy_token(token_id)
    by_text = select(Token).where(Token.hash == hash_secret(wanted))
    token = unit.session.get(Token, wanted) or unit.session.scalars(by_text).first()
    if token is None or token.removed:
        # What is not an id may be the text of a token: it is not repeated.
        raise UnknownTokenError("there is no token {id!r}" if is_id(wanted) else "", id=wanted)
    return token


def revoke_token(unit: Unit, token: Token) -> Token:
    """Revoke a token; devices that registered with it stay registered."""
    require(unit, Permission.TOKEN_MANAGE)
    if not token.revoked:
        token.revoked, token.change_no = True, next_change(unit)
        record(
            unit,
            EventKind.TOKEN_REVOKED,
            "registration token revoked",
            subject={"token": token.id},
            virtual_account_id=token.virtual_account_id,
        )
    return token


def remove_token(unit: Unit, token: Token) -> None:
    """Remove a revoked or expired token from the list."""
    require(unit, Permission.TOKEN_MANAGE)
    judge_token_removal(token.description or token.id, token_state(token, unit)).enforce()
    token.removed, token.secret, token.change_no = True, "", next_change(unit)
    record(
        unit,
        EventKind.TOKEN_REMOVED,
        "registration token removed",
        subject={"token": token.id},
        virtual_account_id=token.virtual_account_id,
    )


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A valid token, or the cause of its refusal, which the device does not learn."""

    token: Token | None
    cause: str = ""
    refused: Token | None = None


def redeem(unit: Unit, secret: str, registered_with: str | None = None) -> Redeemed:
    """Look a token up for a registration, its row locked; the caller counts the use.

    `registered_with` is the id of the token that this very device and key registered with before: the repetition of a
    registration whose answer was lost is no further use.
    """
    token = unit.session.scalars(for_change(select(Token).where(Token.hash == hash_shown(secret)))).one_or_none()
    cause = refused_because(unit, token, registered_with)
    return Redeemed(None, cause, token) if cause else Redeemed(token)


def refused_because(unit: Unit, token: Token | None, registered_with: str | None = None) -> str:
    """Why a token registers nothing; empty for a good one."""
    if token is None or token.removed:
        return "unknown"
    use = TokenUse(token.revoked, token.expires_at, token.uses, token.max_uses)
    return use.refused_because(unit.licence_now, again=token.id == registered_with)
