"""Confirmation codes: a device's proof that it installed the newest authorization and deleted the previous one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from exchange.codes.base58 import CLASS, OWN, as_written, case_hint, to_digits, to_number
from exchange.codes.request import RequestCode
from exchange.codes.secrets import MOST_UPDATES, VALUE_BYTES, commitment_to, step_down, value_of
from exchange.errors import AlteredError, MalformedError

CHECK_BYTES, GROUP = 2, 6
DIGITS = 25
_FOREIGN = re.compile(r"[0-9a-fA-F]{8}")


@dataclass(frozen=True, slots=True)
class ConfirmationCode:
    """What a confirmation code holds; `value` is None for a code that another maker's device made."""

    value: bytes | None


def make_confirmation_code(secret: bytes, number: int) -> str:
    """The code that confirms the authorization of a number; anyone who makes it uses no older one any more."""
    value = value_of(secret, number)
    data = value + hashlib.sha256(value).digest()[:CHECK_BYTES]
    text = OWN + to_digits(int.from_bytes(data, "big"), DIGITS)
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def read_confirmation_code(text: str) -> ConfirmationCode:
    """Read a code as typed by a person; blanks and hyphens are ignored.

    Raises:
        MalformedError: it does not have the form of a confirmation code.
        AlteredError: it was mistyped.

    """
    plain = as_written(text).replace("-", "")
    if not plain.startswith(OWN):
        if not _FOREIGN.fullmatch(plain):
            raise MalformedError("this is not a confirmation code")
        return ConfirmationCode(None)
    if not re.fullmatch(rf"{CLASS}{{{DIGITS}}}", plain[2:]):
        raise MalformedError(
            "the confirmation code is too short, too long, or holds other characters" + case_hint(plain[2:])
        )
    number = to_number(plain[2:])
    if number >> (8 * (VALUE_BYTES + CHECK_BYTES)):
        raise AlteredError("the confirmation code was mistyped{case_hint}", case_hint=case_hint(plain[2:]))
    data = number.to_bytes(VALUE_BYTES + CHECK_BYTES, "big")
    value = data[:VALUE_BYTES]
    if hashlib.sha256(value).digest()[:CHECK_BYTES] != data[VALUE_BYTES:]:
        raise AlteredError("the confirmation code was mistyped{case_hint}", case_hint=case_hint(plain[2:]))
    return ConfirmationCode(value)


def confirms(code: ConfirmationCode, request: RequestCode, number: int) -> bool:
    """Whether a code confirms the authorization of a number that answers a request.

    For another maker's device this can only be said of the form: how its codes are computed is not public.
    """
    if code.value is None or not request.own:
        return code.value is None and not request.own
    if not 0 <= number <= MOST_UPDATES:
        return False
    value = code.value
    for _ in range(number):
        value = step_down(value)
    return commitment_to(value, request.udi) == request.digits
