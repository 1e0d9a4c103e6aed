"""Codes that people type: 80 random bits as sixteen letters and digits in groups of four, none easily confused."""

from __future__ import annotations

import secrets

from serverkit.names import tidy_code
from serverkit.secrets_box import hash_secret

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
LENGTH, GROUP = 16, 4


def new_code() -> str:
    """A new code, as it is shown."""
    text = "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))
    return "-".join(text[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def plain_code(text: str) -> str:
    """A code as someone typed it: any case, with or without hyphens and blanks, O for 0 and I or L for 1."""
    return tidy_code(text[:255]).replace("-", "").upper().translate(_READ_AS)


def hash_code(text: str) -> str:
    """What is kept of a code."""
    return hash_secret(plain_code(text))
