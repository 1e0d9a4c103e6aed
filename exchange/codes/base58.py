"""Digits that are hard to mistake for each other, and a check value in them."""

from __future__ import annotations

import hashlib

DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CLASS = "[1-9A-HJ-NP-Za-km-z]"
CASE_LETTERS = 6
OWN = "CP"
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}


MOST_TYPED = 2000
"""Characters that are read of a text which a person typed or pasted: a code with what came along with it."""
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code)
    for start, end in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(start, end + 1)
}
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"))


def as_written(text: str) -> str:
    """Normalize a code that was typed, pasted or mailed.

    Blanks, line breaks and invisible characters go, typographic hyphens become plain ones, and the two letters with which
    our own codes begin are capitals. All other letters stay as they are: among the digits their case counts.
    """
    typed = text[:MOST_TYPED].translate(_HYPHENS)
    plain = "".join(one for one in typed if one.isprintable() and not one.isspace() and one not in _UNSEEN)
    return OWN + plain[2:] if plain[:2].upper() == OWN else plain


def case_hint(digits: str) -> str:
    """A hint for the message if a code seems to have lost its upper or lower case; otherwise empty."""
    letters = [letter for letter in digits if letter.isalpha()]
    if len(letters) >= CASE_LETTERS and ("".join(letters).islower() or "".join(letters).isupper()):
        return "; capitals and small letters count, and this code has one kind only"
    return ""


def to_digits(number: int, length: int) -> str:
    """A number below 58 to the power of `length`, in as many digits."""
    found = []
    for _ in range(length):
        number, rest = divmod(number, 58)
        found.append(DIGITS[rest])
    return "".join(reversed(found))


def to_number(text: str) -> int:
    """The number that digits stand for; KeyError for a character that is not a digit."""
    number = 0
    for digit in text:
        number = number * 58 + _VALUES[digit]
    return number


def check_of(text: str, length: int) -> str:
    """The check value of a text."""
    return to_digits(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % 58**length, length)
