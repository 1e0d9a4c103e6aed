"""The secret behind a request code: only the device knows it until it gives its licences back.

From the secret a chain of values is computed, each the hash of the one above it; the request code holds a short commitment
to the lowest. A confirmation shows the value of its number, the return code shows the secret at the top. So no one can make
up a return, or a confirmation of a number that the device has not reached, and central can check both without any key of
the device.
"""

from __future__ import annotations

import hashlib

from exchange.codes.base58 import to_digits
from exchange.identity import Udi

SECRET_BYTES = 24
VALUE_BYTES = 16
COMMITMENT_DIGITS = 9
# The secret is above all values that confirmations show.
MOST_UPDATES = 62
# A commitment has 52 bits: the rounds make trying them out a matter of centuries of machine time.
ROUNDS = 20_000


def step_down(value: bytes) -> bytes:
    """The value below one of the chain."""
    return hashlib.sha256(b"perigee reservation chain|" + value).digest()[:VALUE_BYTES]


def value_of(secret: bytes, number: int) -> bytes:
    """The value that confirms the authorization of a number; 0 is the first."""
    if not 0 <= number <= MOST_UPDATES:
        raise ValueError("a number outside the chain")
    value = secret
    for _ in range(MOST_UPDATES + 1 - number):
        value = step_down(value)
    return value


def commitment_to(lowest: bytes, udi: Udi) -> str:
    """What a request code says of the lowest value."""
    salt = f"perigee reservation|{udi.pid}|{udi.serial}".encode()
    digest = hashlib.pbkdf2_hmac("sha256", lowest, salt, ROUNDS)
    return to_digits(int.from_bytes(digest, "big") % 58**COMMITMENT_DIGITS, COMMITMENT_DIGITS)


def commitment(secret: bytes, udi: Udi) -> str:
    """What a request code says of a device's secret."""
    return commitment_to(value_of(secret, 0), udi)
