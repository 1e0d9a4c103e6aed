"""The search for devices by what a person types, the same at both servers."""

from __future__ import annotations

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, or_

UUID_PART, HEX_DIGITS = 8, frozenset("0123456789abcdef")


def holds_all(column: SQLColumnExpression[str], words: str) -> ColumnElement[bool]:
    """The condition that a text in lower case holds every word, whatever the case of its letters; a UUID may have its hyphens."""
    return and_(*(_holds(column, word) for word in words.lower().split()))


def _holds(column: SQLColumnExpression[str], word: str) -> ColumnElement[bool]:
    found = column.contains(word, autoescape=True)
    bare = word.replace("-", "")
    if bare == word or len(bare) < UUID_PART or not set(bare) <= HEX_DIGITS:
        return found
    return or_(found, column.contains(bare, autoescape=True))
