"""Ids: 128 random bits, so that two machines never choose the same."""

from __future__ import annotations

import secrets


def new_id() -> str:
    """A new id: 32 hexadecimal digits."""
    return secrets.token_hex(16)
