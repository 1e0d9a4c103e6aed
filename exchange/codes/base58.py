"""Digits that are hard to mistake for each other, and a check value in them."""

from __future__ import annotations

import hashlib

DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CLASS = "[1-9A-HJ-NP-Za-km-z]"
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}


def to_digits(number: int, length: int) -> str:
    """A number below 58 to the power of `length`, in as many digits."""
    found = []
    for _ in range(length):
        number, rest = divmod(number, 58)
        found.append(DIGITS[rest])
    return "".join(reversed(found))


def to_number(text: str) -> int:
    """The number that digits stand for; KeyError for a character that is no digit."""
    number = 0
    for digit in text:
        number = number * 58 + _VALUES[digit]
    return number


def check_of(text: str, length: int) -> str:
    """The check value of a text."""
    return to_digits(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % 58**length, length)
