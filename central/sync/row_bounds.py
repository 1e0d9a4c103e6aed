"""What the tables of central hold of a site's rows: whatever else a file may say by its form is refused (row E2).

An honest site keeps the same bounds in its own tables, so that no file of it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exchange.errors import MalformedError
from exchange.files.rows import ClaimRow, EventRow, RequestRow, TokenRow, UsageRow
from exchange.limits import IDENTITY_CHARS, TAG_CHARS


def check_bounds(rows: Sequence[RequestRow]) -> None:
    """Refuse rows, all of one kind, that no table holds; MalformedError."""
    kind = type(rows[0])
    if kind is ClaimRow:
        _short("claim.tag", {row.tag for row in rows if isinstance(row, ClaimRow)}, TAG_CHARS)
    elif kind is UsageRow:
        _short("usage.tag", {row.tag for row in rows if isinstance(row, UsageRow)}, TAG_CHARS)
    elif kind is EventRow:
        _short("event.actor", {row.actor for row in rows if isinstance(row, EventRow)}, IDENTITY_CHARS)
    elif kind is TokenRow:
        for row in rows:
            if isinstance(row, TokenRow):
                _token(row)


def _token(row: TokenRow) -> None:
    _short("token.created_by", [row.created_by], IDENTITY_CHARS)
    if row.removed:
        return
    if row.expires < row.created:
        raise MalformedError("a token ends before it begins")
    if row.max_uses is not None and row.uses > row.max_uses:
        raise MalformedError("a token has more uses than it allows")


def _short(name: str, texts: Iterable[str], most: int) -> None:
    if any(len(text) > most for text in texts):
        raise MalformedError("{name}: a text of at most {most} characters is expected", name=name, most=most)
