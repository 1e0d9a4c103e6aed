"""Use cases of registration tokens (row S3.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from satellite.actions.virtual_accounts import find_id, in_virtual_account
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts.models import VirtualAccount
from satellite.core.accounts.queries import names, virtual_account
from satellite.core.site.queries import authorized_site
from satellite.core.tokens import queries, services
from satellite.core.tokens.models import Token
from satellite.core.tokens.queries import token_dict
from satellite.core.tokens.rules import judge_revocation, judge_token_removal
from serverkit.auth.token_lists import matches, orders_of, state_of
from serverkit.auth.tokens import UnknownTokenError
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Part, Window, window_of
from serverkit.secrets_box import SecretBox
from serverkit.verdicts import RowVerdict, Verdict


@dataclass(frozen=True, slots=True)
class TokenWithText:
    """A token with the text that a device needs; `view` is what people and programs see of it."""

    text: str
    expires_at: datetime
    description: str
    export_controlled: bool
    created_by: str
    view: dict[str, Any]

    def __repr__(self) -> str:
        """Never show the text."""
        return f"TokenWithText({self.view['id']})"


def create_token(
    unit: Unit,
    box: SecretBox,
    virtual_account_name: str,
    *,
    days: int,
    uses: int | None,
    export_controlled: bool,
    description: str,
) -> TokenWithText:
    """Create a token for devices of a virtual account."""
    require(unit, Permission.TOKEN_MANAGE)
    authorized_site(unit)
    row, text = services.create_token(
        unit,
        box,
        virtual_account(unit, virtual_account_name),
        days=days,
        uses=uses,
        export_controlled=export_controlled,
        description=description,
    )
    return _with_text(unit, row, text, virtual_account_name)


def list_tokens(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List the tokens, newest first, without their texts."""
    return queries.tokens(unit, names(unit), find_id(unit, virtual_account_name))


def list_usable_tokens(unit: Unit, box: SecretBox, virtual_account_name: str) -> list[TokenWithText]:
    """List the tokens of a virtual account that still register devices, with their texts."""
    require(unit, Permission.TOKEN_MANAGE)
    found = virtual_account(unit, virtual_account_name)
    return [_with_text(unit, row, box.decrypt(row.secret), found.name) for row in queries.usable_tokens(unit, found.id)]


def revoke_token(unit: Unit, token_id: str) -> dict[str, Any]:
    """Revoke a token by its id or its text; devices that registered with it stay registered."""
    row = services.revoke_token(unit, services.find_token(unit, token_id))
    return queries.token_dict(row, names(unit).get(row.virtual_account_id, ""), unit)


def judge_revocations(unit: Unit, ids: Sequence[str]) -> list[RowVerdict]:
    """What revoking some tokens would do, each for itself."""
    return _judge(unit, ids, judge_revocation)


def judge_removals(unit: Unit, ids: Sequence[str]) -> list[RowVerdict]:
    """What removing some tokens from the list would do, each for itself."""
    return _judge(unit, ids, judge_token_removal)


def _judge(unit: Unit, ids: Sequence[str], rule: Callable[[str, str], Verdict]) -> list[RowVerdict]:
    require(unit, Permission.TOKEN_MANAGE)
    found = {}
    for row in queries.present(unit, ids):
        name = row.description or row.id
        found[row.id] = RowVerdict(row.id, name, rule(name, queries.token_state(row, unit)))
    return [found.get(of) or RowVerdict(of, of, Verdict((UnknownTokenError(),))) for of in ids]


def show_token(unit: Unit, box: SecretBox, token_id: str) -> TokenWithText:
    """Show a token with its text, to those who may create one; UnknownTokenError."""
    require(unit, Permission.TOKEN_MANAGE)
    row = services.find_token(unit, token_id)
    return _with_text(unit, row, box.decrypt(row.secret), names(unit).get(row.virtual_account_id, ""))


def find_token(unit: Unit, token_id: str) -> dict[str, Any]:
    """Find a token without its text; UnknownTokenError."""
    row = services.find_token(unit, token_id)
    return queries.token_dict(row, names(unit).get(row.virtual_account_id, row.virtual_account_id), unit)


def revoke_tokens(unit: Unit, virtual_account_name: str, texts: Sequence[set[str]]) -> list[bool]:
    """Revoke tokens of a virtual account, each given by its possible texts; whether each was found."""
    require(unit, Permission.TOKEN_MANAGE)
    found = virtual_account(unit, virtual_account_name)
    rows = [queries.token_of_text(unit, found.id, spellings) for spellings in texts]
    for row in rows:
        if row is not None:
            services.revoke_token(unit, row)
    return [row is not None for row in rows]


def remove_token(unit: Unit, token_id: str) -> None:
    """Remove a revoked or expired token from the list; TokenActiveError for any other."""
    services.remove_token(unit, services.find_token(unit, token_id))


def _with_text(unit: Unit, row: Token, text: str, virtual_account_name: str) -> TokenWithText:
    view = queries.token_dict(row, virtual_account_name, unit)
    return TokenWithText(text, row.expires_at, row.description, row.export_controlled, row.created_by, view)


def list_token_window(unit: Unit, part: Part = WHOLE) -> Window:
    """Registration tokens. Filters: q, virtual_account, state."""
    wanted = part.wanted
    state = state_of(Token, unit.licence_now)
    orders = orders_of(Token, state, virtual_account=VirtualAccount.name)
    query = select(Token).join(VirtualAccount, VirtualAccount.id == Token.virtual_account_id)
    query = query.where(Token.removed.is_(False))
    if text := wanted.get("q"):
        query = query.where(matches(Token, text))
    query = in_virtual_account(query, wanted, Token.virtual_account_id)
    if chosen := wanted.get("state"):
        query = query.where(state == chosen)
    named = names(unit)

    def show(rows: list[Token]) -> list[dict[str, Any]]:
        return [token_dict(row, named.get(row.virtual_account_id, ""), unit) for row in rows]

    return window_of(unit, query, orders, part, show)
