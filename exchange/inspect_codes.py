"""What `inspect` tells of the codes that people carry (row S4.5): authorization, request, confirmation, return.

A typed code bears no signature: what its check value cannot show is in `unchecked`. A return code is its device's
secret, so nothing of it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from exchange.canonical import JsonObject
from exchange.codes.authorization import MOST_TEXT, open_authorization_code, read_unverified
from exchange.codes.confirming import read_confirmation_code
from exchange.codes.request import read_request_code
from exchange.codes.returning import read_return_code
from exchange.errors import ExchangeError, MalformedError
from exchange.findings import Findings
from exchange.trust import Trust

MOST_CHARS = MOST_TEXT


@dataclass(frozen=True, slots=True)
class CodeFound:
    """What a code is, and what it says."""

    kind: str
    contents: JsonObject
    issuer: str | None = None
    created: datetime | None = None
    unchecked: list[str] = field(default_factory=list)


def read_code(data: bytes, trust: Trust | None, findings: Findings) -> CodeFound | None:
    """A code by its form; None for what is not a code. What is wrong with it goes to `findings`."""
    if data.lstrip()[:1] == b"<":
        return _authorization(data.decode("utf-8", "replace"), trust, findings)
    if len(data) > 1000 or data.startswith(b"PERIGEE"):
        return None
    text = data.decode("utf-8", "replace").strip()
    for kind, read in _TYPED:
        try:
            contents = read(text)
        except MalformedError:
            continue
        except ExchangeError as error:
            findings.add(error)
            contents = {}
        return CodeFound(kind, contents, unchecked=["signature", "device"])
    return None


def _authorization(text: str, trust: Trust | None, findings: Findings) -> CodeFound:
    reservation = read_unverified(text)
    unchecked = ["device"]
    issuer = f"vendor {reservation.vendor_id}"
    if trust is None:
        unchecked.append("signature")
    else:
        issuer = trust.root.vendor_name
        findings.check(lambda: open_authorization_code(text, trust))
    genuine = findings.first is None
    contents = reservation.to_dict() if genuine else {}
    created = reservation.issued if genuine else None
    return CodeFound("authorization-code", contents, issuer, created, unchecked)


def _request(text: str) -> dict[str, Any]:
    found = read_request_code(text)
    return {"pid": found.pid, "serial": found.serial, "maker": "own" if found.own else "other"}


def _return(text: str) -> dict[str, Any]:
    return {"maker": "other" if read_return_code(text).secret is None else "own"}


def _confirmation(text: str) -> dict[str, Any]:
    return {"maker": "other" if read_confirmation_code(text).value is None else "own"}


_TYPED: tuple[tuple[str, Callable[[str], JsonObject]], ...] = (
    ("request-code", _request),
    ("confirmation-code", _confirmation),
    ("return-code", _return),
)
