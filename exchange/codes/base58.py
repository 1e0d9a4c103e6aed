"""Digits that are hard to mistake for each other, and a check value in them."""

from __future__ import annotations

import hashlib
import re

DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CLASS = "[1-9A-HJ-NP-Za-km-z]"
CASE_LETTERS = 6
OWN = "CP"
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}


_INVISIBLE = re.compile("[\\s\u200b\u200c\u200d\u2060\ufeff]+")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


def as_written(text: str) -> str:
    """Normalize a code that was typed, pasted or mailed.

    Blanks, line breaks and invisible characters go, typographic hyphens become plain ones, and the two letters with which
    our own codes begin are capitals. All other letters stay as they are: among the digits their case counts.
    """
    plain = _INVISIBLE.sub("", text).translate(_HYPHENS)
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
