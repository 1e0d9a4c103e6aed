"""What no body of an interface may hold: what databases cannot store or answers cannot show, a member that says two things."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_ROOM = 64
"""How many levels may be around a value of a body where it is kept or shown, calls between included."""


def can_be_kept(value: object) -> bool:
    """Whether every part of a parsed body is one that every database takes, and that an answer may repeat.

    No text with NUL or half of a surrogate pair, no number that JSON does not have, not too deep to be written again.
    """
    for _ in range(_ROOM):
        value = [value]
    try:
        return b"\\u0000" not in json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False


class RepeatedMemberError(ValueError):
    """An object of JSON has a member twice: which of them counts is not said."""

    def __init__(self, name: str) -> None:
        """`name` is the member's, cut."""
        super().__init__(name)
        self.name = name[:80]


def members_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON from its members, for `json.loads`; RepeatedMemberError."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise RepeatedMemberError(name)
        found[name] = value
    return found
