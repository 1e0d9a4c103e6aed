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
# The usual form of a serial number, always this long: one that was cut does not have it.
STANDARD_SERIAL = re.compile(r"[A-Z]{3}[0-9]{4}[0-9A-Z]{4}|9[0-9A-Z]{10}")
MASKED = re.compile(
    r"[xX]{4}|\*{2}|#{2}|\?{2}|<[a-z _.-]{1,40}>|\[[a-z _.-]{1,40}\]|\{[a-z _.-]{1,40}\}|REDACTED|MASKED|REMOVED|HIDDEN|0{8}-?0{4}-?0{4}-?0{4}-?0{12}",
    re.IGNORECASE,
)
MOST_TEXT = 255
# No product id, serial number or identifier holds one of these; people and tools write them over what they hide.
_MASK_MARKS = frozenset('*#?<>[]{}()$%&!~^|"\\\u2022\u2026\u2588\u2591\u2592\u2593\u25a0\u25cf\u00d7\ufffd')
_MASK_RUN = re.compile(r"[xX]{4}|xx|[xX]{3}\Z|\.{2}|_{3}|-{3}|\A[A-Za-z]{2,4}([0-9XZxz])\1{6,}\Z")
_MASK_WORDS = re.compile(
    r"NOT ?(?:LOCKED|SET|SPECIFIED|PRESENT|APPLICABLE|FOUND|AVAILABLE|ASSIGNED|PROGRAMMED|DEFINED|KNOWN)|REDACT|MASKED|HIDDEN|REMOVED"
    r"|ANONYM|SANITI[SZ]|CENSOR|PLACEHOLDER|SERIAL|CONFIDENTIAL|OMITTED|STRIPPED|SCRUBBED|DELETED|OBFUSCAT|EXAMPLE"
    r"|TO BE FILLED|DEFAULT STRING|UNDEFINED|UNSPECIFIED|UNKNOWN"
)
_MASK_WHOLE = frozenset(
    {
        "ANY",
        "NONE",
        "NULL",
        "NIL",
        "N A",
        "NA",
        "TBD",
        "SN",
        "PID",
        "UDI",
        "UUID",
        "VID",
        "HOSTID",
        "HOST ID",
        "HOSTNAME",
    }
    | {
        "SECRET",
        "PRIVATE",
        "EMPTY",
        "BLANK",
        "INVALID",
        "ERROR",
        "DUMMY",
        "SAMPLE",
        "NO",
        "PRODUCT ID",
        "PRODUCTID",
        "DEVICE ID",
    }
)
_COUNTING = "01234567890123456789"


def is_masked(text: str) -> bool:
    """Whether a value of an identity was hidden by hand or is a placeholder that stands for none (row D4)."""
    if _MASK_MARKS & set(text) or _MASK_RUN.search(text):
        return True
    letters = "".join(letter for letter in text if letter.isalnum())
    if (
        not letters
        or (len(letters) >= 3 and len(set(letters.upper())) == 1)
        or letters.upper() in {"0", "X", "XX", "00"}
    ):
        return True
    digits = [letter for letter in letters if letter.isdigit()]
    if (len(digits) >= 6 and set(digits) == {"0"}) or (len(letters) >= 6 and letters in _COUNTING):
        return True
    words = " ".join(re.sub(r"[^A-Z0-9]+", " ", text.upper()).split())
    return words in _MASK_WHOLE or _MASK_WORDS.search(words) is not None


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
