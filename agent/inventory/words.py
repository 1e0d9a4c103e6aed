"""Values as device outputs write them: what means absent, what is a tag, what is a number."""

from __future__ import annotations

import re

ABSENT = frozenset(
    {"", "<none>", "<empty>", "none", "null", "nullptr", "n/a", "na", "-", "--", "not available", "unknown"}
)
# Every part is bounded, so that a hostile text costs no more than its length.
TAG = re.compile(
    r"regid\.[0-9]{4}-[0-9]{2}(?:\.[A-Za-z0-9-]{1,63}){1,8}\.[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,127},[A-Za-z0-9.]{1,32}_"
    r"(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32})"
)
BARE_TAG = re.compile(r"regid\.[0-9]{4}-[0-9]{2}(?:\.[A-Za-z0-9-]{1,63}){2,8}\.[A-Za-z0-9][A-Za-z0-9_+-]{0,127}")
SHORT_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+/,-]{0,127}")
MASKED = re.compile(r"[xX]{4}|\*{3}|#{3}|<(?:removed|masked|redacted|hidden|serial|sn)>|\bREDACTED\b", re.IGNORECASE)
MOST_TEXT = 255


def present(text: str | None) -> str | None:
    """A value, or None where the output says that there is none."""
    if text is None:
        return None
    # Data may hold halves of letters, which no file can; they become question marks.
    value = text.strip() if text.isascii() else text.strip().encode("utf-8", "replace").decode()
    return None if value.strip("'\"").lower() in ABSENT else value


def number(text: str | None) -> int | None:
    """A whole number written in ASCII digits, or None."""
    value = (text or "").strip()
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def is_tag(text: str) -> bool:
    """Whether a text is a complete entitlement or software tag."""
    return TAG.fullmatch(text) is not None


def is_short_form(text: str) -> bool:
    """Whether a text is a tag without version and identifier, as some products write it."""
    return BARE_TAG.fullmatch(text) is not None


def looks_like_tag(text: str) -> bool:
    """Whether a text means to be a tag, complete or not."""
    return text.startswith("regid.")
