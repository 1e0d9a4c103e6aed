"""Keys and sentences of alerts that both servers make alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

from serverkit.errors import fill

KEY_LENGTH = 255


class Said(str):
    """What an alert says: a text that remembers its template and its fields, so that an edge can fill it again."""

    __slots__ = ("fields", "template")
    template: str
    fields: dict[str, str | int]

    def __new__(cls, template: str, fields: Mapping[str, str | int]) -> Self:
        """Fill a template for `str.format`; names, ids and numbers are its fields."""
        made = super().__new__(cls, fill(template, fields))
        made.template, made.fields = template, dict(fields)
        return made


def said(template: str, **fields: str | int) -> Said:
    """The text of an alert."""
    return Said(template, fields)


def alert_key(*parts: str) -> str:
    """What distinguishes an alert from others of its kind, at most `KEY_LENGTH` characters; long ones end in their digest."""
    text = "|".join(parts)
    if len(text) <= KEY_LENGTH:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: KEY_LENGTH - len(mark) - 1]}|{mark}"


def surplus_text(surplus: Sequence[Mapping[str, Any]]) -> str:
    """The sentence that names the virtual accounts with a surplus; empty if there is none."""
    if not surplus:
        return ""
    named = ", ".join(f"{entry['name']} ({entry['count']})" for entry in surplus)
    return f" There is a surplus in {named}."
