"""Codes of an authenticator (RFC 6238): six digits, thirty seconds, one step of drift, each step used once."""

from __future__ import annotations

import hmac
from datetime import datetime

from serverkit.names import tidy_code
from serverkit.users.rules import TOTP_DRIFT, TOTP_STEP


def new_totp_secret() -> str:
    """A new secret in base 32."""
    import pyotp

    return str(pyotp.random_base32())


def totp_uri(secret: str, name: str, issuer: str) -> str:
    """The address that authenticators read from a picture."""
    import pyotp

    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))


def totp_code(secret: str, step: int) -> str:
    """The code of a step: the number of half minutes since 1970."""
    import pyotp

    return str(pyotp.TOTP(secret).generate_otp(step))


def step_of(now: datetime) -> int:
    """The step of a moment."""
    return int(now.timestamp()) // TOTP_STEP


def matching_step(secret: str, text: str, now: datetime, last_step: int) -> int | None:
    """The step that a code is of; None for a wrong one, and for one of a step that was used already."""
    typed, here = tidy_code(text[:64]).replace("-", ""), step_of(now)
    found = None
    for step in range(here - TOTP_DRIFT, here + TOTP_DRIFT + 1):
        if hmac.compare_digest(totp_code(secret, step).encode(), typed.encode()) and step > last_step:
            found = step
    return found
