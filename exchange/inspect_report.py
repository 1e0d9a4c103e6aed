"""What an inspection finds, and what it was given to check with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from exchange.canonical import JsonObject, iso
from exchange.errors import (
    ExchangeError,
)
from exchange.findings import Findings
from exchange.trust import Trust

SIGNATURE_NOT_CHECKED = "signature_not_checked"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; `roots` are the newer signed root documents that the file brings, verified where they could be."""

    kind: str
    issuer: str | None
    satellite: str | None
    epoch: int | None
    sequence: int | None
    created: datetime | None
    valid: bool
    problems: tuple[str, ...]
    contents: JsonObject
    refusal: ExchangeError | None = None
    roots: tuple[bytes, ...] = ()

    def to_dict(self) -> JsonObject:
        """The report as the command prints it."""
        return {
            "kind": self.kind,
            "issuer": self.issuer,
            "satellite": self.satellite,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "created": iso(self.created) if self.created else None,
            "valid": self.valid,
            "problems": list(self.problems),
            "contents": self.contents,
        }


@dataclass(slots=True)
class Look:
    """One inspection: what is given, what is found."""

    trust: Trust | None
    now: datetime
    authorization: BinaryIO | bytes | None
    findings: Findings = field(default_factory=Findings)
    contents: JsonObject = field(default_factory=dict)
    unchecked: list[str] = field(default_factory=list)

    def without_signature(self) -> None:
        """Note that the issuer could not be determined."""
        self.unchecked.append("signature")
        self.findings.note(SIGNATURE_NOT_CHECKED)

    def issuer(self, vendor: str) -> str:
        """The name of the vendor, where a root gives it."""
        return self.trust.root.vendor_name if self.trust else vendor


def report_on(
    look: Look,
    kind: str,
    *,
    issuer: str | None,
    satellite: str | None = None,
    epoch: int | None = None,
    sequence: int | None = None,
    created: datetime | None = None,
    roots: tuple[bytes, ...] = (),
) -> Report:
    """The report on something of a kind, with all that the look at it has found."""
    look.contents["unchecked"] = look.unchecked
    return Report(
        kind,
        issuer,
        satellite,
        epoch,
        sequence,
        created,
        valid=not look.findings.codes,
        problems=tuple(look.findings.codes),
        contents=look.contents,
        refusal=look.findings.first,
        roots=roots,
    )
