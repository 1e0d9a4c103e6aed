"""Request codes: which device asks, short enough to type. `CX-Z<PID>:<serial>-<9 digits>-<2 check digits>`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from exchange.codes.base58 import CLASS, OWN, as_written, case_hint, check_of, to_digits
from exchange.codes.secrets import commitment
from exchange.errors import AlteredError, MalformedError
from exchange.identity import Udi

CHECK_DIGITS = 2
NAMED = "CD"
MOST_CHARS = 600
_REST_CHARS = len("CP-Z:-smczDWRiK-YK")
_SHAPE = re.compile(
    rf"(?P<form>[A-Z]{{2}})-Z(?P<pid>[^:\s]{{1,255}}):(?P<serial>[^:\s]{{1,255}})"
    rf"-(?P<digits>{CLASS}{{9}})-(?P<check>[0-9A-Za-z]{{2}})"
)


@dataclass(frozen=True, slots=True)
class RequestCode:
    """What a request code says; `own` is whether it was made by our agent, and so its check value was verified."""

    text: str
    pid: str
    serial: str
    digits: str
    own: bool

    @property
    def udi(self) -> Udi:
        """The device."""
        return Udi(pid=self.pid, serial=self.serial)


def obstacle_of(udi: Udi) -> tuple[str, str, str] | None:
    """Why no request code can name a device: which part, its text, and what it has; None where one can."""
    for name, part in (("product id", udi.pid), ("serial number", udi.serial)):
        if ":" in part:
            return name, part, "a colon"
        if any(one.isspace() for one in part):
            return name, part, "a blank"
        if as_written(f"-{part}") != f"-{part}":
            return name, part, "a character that a typed code loses"
    if len(udi.pid) + len(udi.serial) > MOST_CHARS - _REST_CHARS:
        return "product id", udi.pid, f"more than {MOST_CHARS - _REST_CHARS} characters with the serial number"
    return None


def make_request_code(udi: Udi, secret: bytes) -> str:
    """The code with which a device asks for a reservation; of use only where `obstacle_of` finds nothing."""
    body = f"{OWN}-Z{udi.pid}:{udi.serial}-{commitment(secret, udi)}"
    return f"{body}-{check_of(body, CHECK_DIGITS)}"


def name_device(udi: Udi, seed: bytes) -> str:
    """The code of a request that names another maker's device without a code: its digits come from what it sent."""
    digits = to_digits(int.from_bytes(hashlib.sha256(b"request without a code|" + seed).digest()[:6]), 9)
    body = f"{NAMED}-Z{udi.pid}:{udi.serial}-{digits}"
    return f"{body}-{check_of(body, CHECK_DIGITS)}"


def read_request_code(text: str) -> RequestCode:
    """Read a code as a person typed it: blanks, line breaks and the case of its first letters do not count.

    Raises:
        MalformedError: it does not have the form of a request code.
        AlteredError: its check value does not fit, so it was mistyped.

    """
    plain = as_written(text)
    if plain.startswith(f"{OWN}-z"):
        plain = f"{OWN}-Z{plain[4:]}"
    found = _SHAPE.fullmatch(plain) if len(plain) <= MOST_CHARS else None
    if found is None:
        hint = case_hint(plain[4:]) if plain.startswith(f"{OWN}-Z") else ""
        raise MalformedError("this is not a request code, such as CP-ZSW-48:SN1-A6rZG7jGd-7z{hint}", hint=hint)
    own = found["form"] == OWN
    if own and check_of(plain.rpartition("-")[0], CHECK_DIGITS) != found["check"]:
        if text.strip()[:2] == OWN.lower():
            raise MalformedError("a request code is not written in small letters: capitals and small letters count")
        if _had_blank(text, found["check"]):
            raise AlteredError(
                "the product id or serial number of this code has a blank, which no request code can carry: the device"
                " cannot take part by codes under this name"
            )
        hint = case_hint(found["pid"] + found["serial"] + found["digits"] + found["check"])
        raise AlteredError(
            "the request code was mistyped: its last two characters do not fit the others{hint}", hint=hint
        )
    code = RequestCode(plain, found["pid"], found["serial"], found["digits"], own)
    _ = code.udi  # refuses what no product carries
    return code


def _had_blank(text: str, check: str) -> bool:
    """Whether the check value was made over blanks, which readers drop: they belong to the device's name."""
    words = text[: MOST_CHARS * 2].split()
    return len(words) > 1 and check_of(" ".join(words).rpartition("-")[0], CHECK_DIGITS) == check
