"""Use cases of registration tokens (rows C2.2, C2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from sqlalchemy import select

from central.actions.views import CreatedTokenView, TokenView
from central.domain.access.rules import Permission
from central.domain.access.services import require_in_scope
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import (
    by_domain,
    by_number,
    managers,
    virtual_account,
    virtual_accounts,
    visible_in,
)
from central.domain.tokens import services
from central.domain.tokens.models import Token
from central.domain.tokens.queries import own_tokens, token_dict, token_of_text
from serverkit.auth.token_lists import matches, orders_of, state_of
from serverkit.auth.tokens import UnknownTokenError
from serverkit.db.paging import ALL, Listing, Query, Slice, Sorting, page_of
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Part, Window, window_of
from serverkit.errors import RefusedError
from serverkit.names import tidy_token
from serverkit.secrets_box import SecretBox

TokenSort = Literal["id", "-id", "created", "-created", "expires", "-expires"]
SORTING = Sorting((Token.id,), {"created": (Token.created_at,), "expires": (Token.expires_at,)})
NEWEST = Slice(sort="-created")


@dataclass(frozen=True, slots=True)
class TokenWithText:
    """A token, with the text that a device needs."""

    row: Token
    text: str

    def __repr__(self) -> str:
        """Never show the text."""
        return f"TokenWithText({self.row.id})"


@dataclass(frozen=True, slots=True)
class Revocation:
    """The outcome for one text: revoked, not known (None), or refused."""

    text: str
    revoked: bool
    refusal: RefusedError | None = None

    def __repr__(self) -> str:
        """Never show the text."""
        return f"Revocation({self.revoked})"


def list_tokens(unit: Unit, domain: str, virtual_account_name: str | None = None, part: Slice = ALL) -> Listing:
    """List the tokens of the virtual accounts that the caller may see, or of one of them."""
    account = by_domain(unit, domain)
    query: Query = select(Token, VirtualAccount.name).join(
        VirtualAccount,
        (VirtualAccount.account_id == Token.account_id) & (VirtualAccount.id == Token.virtual_account_id),
    )
    query = visible_in(unit, account.id, query.where(Token.account_id == account.id))
    if virtual_account_name is not None:
        row = virtual_account(unit, account.id, virtual_account_name)
        query = query.where(Token.virtual_account_id == row.id)
    rows, following = page_of(unit, query, SORTING, part)
    known = managers(unit, account.id)
    return Listing([TokenView(**token_dict(row[0], row[1], unit, known)).shown() for row in rows], following)


def create_token(
    unit: Unit,
    box: SecretBox,
    domain: str,
    virtual_account_name: str,
    *,
    days: int,
    uses: int | None,
    export_controlled: bool,
    description: str,
) -> tuple[TokenWithText, dict[str, Any]]:
    """Create a token; returns it with its text, and its view."""
    account = by_domain(unit, domain)
    row, text = services.create_token(
        unit,
        box,
        account,
        virtual_account(unit, account.id, virtual_account_name),
        days=days,
        uses=uses,
        export_controlled=export_controlled,
        description=description,
    )
    view = CreatedTokenView(**token_dict(row, virtual_account_name, unit), token=text).shown()
    return TokenWithText(row, text), view


def find_token(unit: Unit, domain: str, number: str, token_id: str) -> dict[str, Any]:
    """A token of a virtual account, which is named by its number; UnknownTokenError."""
    row, name = _visible(unit, domain, token_id)
    if row.id != token_id or row.virtual_account_id != by_number(unit, row.account_id, number).id:
        raise UnknownTokenError
    return {**TokenView(**token_dict(row, name, unit)).shown(), "domain": domain, "number": number}


def show_token(unit: Unit, box: SecretBox, domain: str, token_id: str) -> TokenWithText:
    """The text of a token that central made; UnknownTokenError for one of a satellite, which is known on the site only."""
    row, _ = _visible(unit, domain, token_id)
    require_in_scope(unit, Permission.TOKEN_MANAGE, row.account_id, row.virtual_account_id)
    if not row.secret:
        raise UnknownTokenError("the text of a satellite's token is known on the site only")
    return TokenWithText(row, box.decrypt(row.secret))


def revoke_token(unit: Unit, domain: str, token_id: str) -> dict[str, Any]:
    """Revoke a token, which is named by its id or text; what was registered with it stays (row C2.3)."""
    row, name = _visible(unit, domain, token_id)
    return TokenView(**token_dict(services.revoke_token(unit, row), name, unit)).shown()


def remove_token(unit: Unit, domain: str, token_id: str) -> None:
    """Remove a revoked or expired token from the list."""
    services.remove_token(unit, _visible(unit, domain, token_id)[0])


def list_usable_tokens(unit: Unit, box: SecretBox, domain: str, virtual_account_name: str) -> list[TokenWithText]:
    """List the usable tokens of a virtual account with their texts; a satellite's are known on the site only."""
    account = by_domain(unit, domain)
    row = virtual_account(unit, account.id, virtual_account_name)
    require_in_scope(unit, Permission.TOKEN_MANAGE, account.id, row.id)
    return [TokenWithText(one, box.decrypt(one.secret)) for one in own_tokens(unit, account.id, row.id)]


def revoke_by_text(unit: Unit, domain: str, virtual_account_name: str, texts: Sequence[str]) -> list[Revocation]:
    """Revoke tokens of a virtual account by their texts, URL-encoded or not; each has its own outcome."""
    account = by_domain(unit, domain)
    row = virtual_account(unit, account.id, virtual_account_name)
    outcomes = []
    for text in texts:
        token = token_of_text(unit, account.id, row.id, {tidy_token(text), tidy_token(unquote(text))})
        try:
            if token is not None:
                services.revoke_token(unit, token)
            outcomes.append(Revocation(text, token is not None))
        except RefusedError as error:
            outcomes.append(Revocation(text, revoked=False, refusal=error))
    return outcomes


def _visible(unit: Unit, domain: str, token_id: str) -> tuple[Token, str]:
    """A token that the caller may see, and the name of its virtual account; UnknownTokenError."""
    account = by_domain(unit, domain)
    row = services.find_token(unit, account.id, token_id)
    names = {one.id: one.name for one in virtual_accounts(unit, account.id)}
    if row.virtual_account_id not in names:
        raise UnknownTokenError("there is no token {id!r}" if row.id == tidy_token(token_id) else "", id=row.id)
    return row, names[row.virtual_account_id]


def list_token_window(unit: Unit, domain: str, number: str, part: Part = WHOLE) -> Window:
    """Registration tokens of a virtual account. Filters: q, state."""
    wanted, account = part.wanted, by_domain(unit, domain)
    pool = by_number(unit, account.id, number)
    state = state_of(Token, unit.licence_now)
    orders = orders_of(Token, state)
    query = select(Token).where(Token.account_id == account.id, Token.virtual_account_id == pool.id)
    if text := wanted.get("q"):
        query = query.where(matches(Token, text))
    if chosen := wanted.get("state"):
        query = query.where(state == chosen)
    known = managers(unit, account.id)

    def show(rows: list[Token]) -> list[dict[str, Any]]:
        place = {"domain": domain, "number": number}
        return [{**TokenView(**token_dict(row, pool.name, unit, known)).shown(), **place} for row in rows]

    return window_of(unit, query, orders, part, show)
