"""Return codes: a device's proof that it no longer uses what was reserved for it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from exchange.codes.base58 import CLASS, OWN, as_written, case_hint, to_digits, to_number
from exchange.codes.request import RequestCode
from exchange.codes.secrets import SECRET_BYTES, commitment
from exchange.errors import AlteredError, MalformedError

CHECK_BYTES, GROUP = 4, 6
DIGITS = 39
_FOREIGN = re.compile(rf"[A-Z]{{2}}{CLASS}{{16,126}}")


@dataclass(frozen=True, slots=True)
class ReturnCode:
    """What a return code holds; `secret` is None for a code that another maker's device made."""

    secret: bytes | None


def make_return_code(secret: bytes) -> str:
    """The code that proves the return; it reveals the secret, so the device deletes its licences first."""
    data = secret + hashlib.sha256(secret).digest()[:CHECK_BYTES]
    text = OWN + to_digits(int.from_bytes(data, "big"), DIGITS)
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def read_return_code(text: str) -> ReturnCode:
    """Read a code as typed by a person; blanks and hyphens are ignored.

    Raises:
        MalformedError: it does not have the form of a return code.
        AlteredError: it was mistyped.

    """
    plain = as_written(text).replace("-", "")
    if not plain.startswith(OWN):
        if not _FOREIGN.fullmatch(plain):
            raise MalformedError("this is not a return code")
        return ReturnCode(None)
    if not re.fullmatch(rf"{CLASS}{{{DIGITS}}}", plain[2:]):
        raise MalformedError("the return code is too short, too long, or holds other characters" + case_hint(plain[2:]))
    number = to_number(plain[2:])
    if number >> (8 * (SECRET_BYTES + CHECK_BYTES)):
        raise AlteredError("the return code was mistyped{case_hint}", case_hint=case_hint(plain[2:]))
    data = number.to_bytes(SECRET_BYTES + CHECK_BYTES, "big")
    secret = data[:SECRET_BYTES]
    if hashlib.sha256(secret).digest()[:CHECK_BYTES] != data[SECRET_BYTES:]:
        raise AlteredError("the return code was mistyped{case_hint}", case_hint=case_hint(plain[2:]))
    return ReturnCode(secret)


def belongs_to(code: ReturnCode, request: RequestCode) -> bool:
    """Whether a return code comes from the device that made a request code.

    For another maker's device this can only be said of the form: how its codes are computed is not public.
    """
    if code.secret is None or not request.own:
        return code.secret is None and not request.own
    return commitment(code.secret, request.udi) == request.digits
