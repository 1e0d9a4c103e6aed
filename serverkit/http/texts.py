"""Characters that no text of an interface may hold, since databases cannot store them."""

from __future__ import annotations

import json


def can_be_kept(value: object) -> bool:
    """Whether every text in a parsed body is one that every database takes: no NUL, no half of a surrogate pair."""
    try:
        return b"\\u0000" not in json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
