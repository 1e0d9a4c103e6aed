"""Ids: 128 random bits, so that two machines never choose the same."""

from __future__ import annotations

import re
import secrets


def new_id() -> str:
    """A new id: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    """Whether a text has the form of an id."""
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None
