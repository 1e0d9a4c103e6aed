"""What no body of an interface may hold: characters that databases cannot store, and a member that says two things."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def can_be_kept(value: object) -> bool:
    """Whether every text in a parsed body is one that every database takes: no NUL, no half of a surrogate pair."""
    try:
        return b"\\u0000" not in json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
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
