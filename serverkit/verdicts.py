"""What a rule says of an intention, the same for a preview and for the act: reasons against it, warnings, effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from serverkit.errors import AppError


class Outcome(StrEnum):
    """What became of a check."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed where no reason stands against it; warnings and effects are sentences."""

    reasons: tuple[AppError, ...] = ()
    warnings: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.reasons

    def enforce(self) -> None:
        """Raise the first reason against it."""
        if self.reasons:
            raise self.reasons[0]

    def to_dict(self) -> dict[str, Any]:
        """The verdict for people and programs; every reason with its code and remedy."""
        return {
            "allowed": self.allowed,
            "reasons": [{"code": one.code, "message": one.message, "remedy": one.remedy} for one in self.reasons],
            "warnings": list(self.warnings),
            "effects": list(self.effects),
        }


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """The verdict on one row of several; `name` is what people call it."""

    id: str
    name: str
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """The row for people and programs."""
        return {"id": self.id, "name": self.name, **self.verdict.to_dict()}


def allowed_ids(rows: Sequence[RowVerdict]) -> list[str]:
    """The ids of those rows that nothing stands against."""
    return [row.id for row in rows if row.verdict.allowed]
