"""The secret behind a request code: only the device knows it until it gives its licences back.

The request code holds a short commitment to the secret; the return code is the secret itself. So nobody can make up a
return for a device that still uses its licences, and central can check one without any key of the device.
"""

from __future__ import annotations

import hashlib

from exchange.codes.base58 import to_digits
from exchange.identity import Udi

SECRET_BYTES = 24
COMMITMENT_DIGITS = 9
# A commitment has 52 bits: the rounds make trying them out a matter of centuries of machine time.
ROUNDS = 20_000


def commitment(secret: bytes, udi: Udi) -> str:
    """What a request code says of a device's secret."""
    salt = f"perigee reservation|{udi.pid}|{udi.serial}".encode()
    digest = hashlib.pbkdf2_hmac("sha256", secret, salt, ROUNDS)
    return to_digits(int.from_bytes(digest, "big") % 58**COMMITMENT_DIGITS, COMMITMENT_DIGITS)
