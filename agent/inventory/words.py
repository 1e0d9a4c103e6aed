"""Values as device outputs write them: what means absent, what is a tag, what is a number."""

from __future__ import annotations

import re

ABSENT = frozenset(
    {"", "<none>", "<empty>", "none", "null", "nullptr", "n/a", "na", "-", "--", "not available", "unknown"}
)
TAG = re.compile(r"regid\.\d{4}-\d{2}(?:\.[A-Za-z0-9-]+)+?\.[A-Za-z0-9_.+-]+,[A-Za-z0-9.]+_[0-9a-fA-F-]{8,40}")
SHORT_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+/-]*")
MASKED = re.compile(r"[xX]{4,}|\*{3,}")


def present(text: str | None) -> str | None:
    """A value, or None where the output says that there is none."""
    if text is None:
        return None
    value = text.strip()
    return None if value.lower() in ABSENT else value


def number(text: str | None) -> int | None:
    """A whole number written in ASCII digits, or None."""
    value = (text or "").strip()
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def is_tag(text: str) -> bool:
    """Whether a text is a complete entitlement or software tag."""
    return TAG.fullmatch(text) is not None


def looks_like_tag(text: str) -> bool:
    """Whether a text means to be a tag, complete or not."""
    return text.startswith("regid.")
