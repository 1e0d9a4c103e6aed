"""The rule of device-led conversion: what a device's total of a SKU still converts, and why units stay (pure; row C9.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.domain.conversions.errors import (
    ClassicTermOverError,
    ContractMissingError,
    ContractNotCheckedError,
    NotEligibleError,
    OnlyWholeError,
)
from central.domain.conversions.rules import Holder, plan
from exchange.conversion import ClassicLine, ConvertedLine
from exchange.vocabulary import ConversionReason

LONGEST_WAY = timedelta(days=90)
"""How long a request may be on its way: a device that finds no connection for longer is asked again by a person."""
REASONS: Mapping[str, ConversionReason] = {
    NotEligibleError.code: ConversionReason.NOT_ELIGIBLE,
    ClassicTermOverError.code: ConversionReason.TERM_OVER,
    ContractMissingError.code: ConversionReason.CONTRACT_MISSING,
    ContractNotCheckedError.code: ConversionReason.CONTRACT_NOT_CHECKED,
    OnlyWholeError.code: ConversionReason.ONLY_WHOLE,
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A SKU of a device in the vendor's list: all its units, those that were converted, and what they became."""

    quantity: int
    converted: int
    tag: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request converts now, by SKU, and what it is told of each of its lines."""

    wanted: Mapping[str, int]
    lines: tuple[ConvertedLine, ...]

    @property
    def waits(self) -> bool:
        """Whether it cannot be decided yet: a contract is not checked."""
        return any(line.reason is ConversionReason.CONTRACT_NOT_CHECKED for line in self.lines)


def refuse_all(lines: Sequence[ClassicLine], reason: ConversionReason) -> Outcome:
    """Nothing is converted, all for one reason."""
    return Outcome({}, tuple(ConvertedLine(one.sku, one.quantity, 0, None, reason) for one in lines))


def judge(
    lines: Sequence[ClassicLine], asked_at: datetime, listed: Mapping[str, Listed], holder: Holder, now: datetime
) -> Outcome:
    """Each line by itself; units that were converted before, by whatever conversion, count towards its total."""
    late = now - asked_at > LONGEST_WAY
    wanted: dict[str, int] = {}
    told: list[ConvertedLine] = []
    for one in lines:
        known = listed.get(one.sku)
        if known is None:
            told.append(ConvertedLine(one.sku, one.quantity, 0, None, ConversionReason.NOT_LISTED))
            continue
        before = min(one.quantity, known.converted)
        quantity = min(one.quantity, known.quantity) - before
        reason = ConversionReason.MORE_THAN_LISTED if one.quantity > known.quantity else None
        if quantity > 0:
            refused = next(
                (line.refusal for line in plan(holder, {one.sku: quantity}, now).lines if line.quantity), None
            )
            if late:
                quantity, reason = 0, ConversionReason.TOO_LATE
            elif refused is None:
                wanted[one.sku] = quantity
            else:
                quantity, reason = 0, REASONS.get(refused.code, ConversionReason.NOT_ELIGIBLE)
        done = before + max(quantity, 0)
        told.append(ConvertedLine(one.sku, one.quantity, done, known.tag if done and known.tag else None, reason))
    return Outcome(wanted, tuple(told))
