"""Keys and sentences of alerts that both servers make alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from serverkit.errors import Filled

KEY_LENGTH = 255
NAMED_PLACES = 10
"""So many virtual accounts a sentence names."""


def said(template: str, **fields: str | int) -> Filled:
    """What an alert or a verdict says."""
    return Filled(template, fields)


def days(count: int) -> Filled:
    """So many days, as a field of a sentence."""
    return said("{count} day" if count == 1 else "{count} days", count=count)


def kept(text: Filled) -> dict[str, Any]:
    """A text as a table keeps it: message, template and fields, of which those that are filled themselves likewise."""
    fields = {name: kept(value) if isinstance(value, Filled) else value for name, value in text.fields.items()}
    return {"message": str(text), "template": text.template, "fields": fields}


def said_again(template: str, fields: Mapping[str, Any]) -> Filled:
    """A text from the template and the fields that `kept` gave."""
    again = {
        name: said_again(value["template"], value["fields"]) if isinstance(value, dict) else value
        for name, value in fields.items()
    }
    return Filled(template, again)


def alert_key(*parts: str) -> str:
    """What distinguishes an alert from others of its kind, at most `KEY_LENGTH` characters; long ones end in their digest."""
    text = "|".join(parts)
    if len(text) <= KEY_LENGTH:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: KEY_LENGTH - len(mark) - 1]}|{mark}"


def surplus_text(surplus: Sequence[Mapping[str, Any]]) -> Filled:
    """The sentence that names the virtual accounts with a surplus; empty if there is none."""
    if not surplus:
        return said("")
    named = ", ".join(f"{entry['name']} ({entry['count']})" for entry in surplus[:NAMED_PLACES])
    named += ", …" if len(surplus) > NAMED_PLACES else ""
    return said(" There is a surplus in {named}.", named=named)
