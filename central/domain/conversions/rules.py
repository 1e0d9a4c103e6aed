"""The one rule of conversions: what becomes of each classic licence, and why one is refused (pure; rows C9.2, C9.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from central.domain.conversions.errors import (
    ClassicTermOverError,
    ContractMissingError,
    ContractNotCheckedError,
    NotEligibleError,
    NothingToConvertError,
    OnlyWholeError,
    TooManyToConvertError,
    UnknownClassicSkuError,
)
from exchange.vocabulary import LicenceType
from serverkit.errors import AppError

NOT_ASKED = "no one asked yet"
CLASSIC_TYPES = (LicenceType.PERPETUAL, LicenceType.TERM)


class SourceKind(StrEnum):
    """What holds classic licences."""

    PAK = "pak"
    DEVICE = "device"


class Status(StrEnum):
    """The state of a PAK or device: it waits for a choice, for a run that took it up, or its last run failed."""

    AVAILABLE = "available"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"


class Check(StrEnum):
    """What the contract check says of a SKU."""

    NOT_NEEDED = "not_needed"
    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Held:
    """A classic licence that is left: `tag` is what it becomes, empty where it is not eligible; `contract` covers it.

    `unchecked` says why nobody knows yet whether a contract covers it; None where that is known.
    """

    sku: str
    left: int
    family: str = ""
    tag: str = ""
    licence_type: LicenceType = LicenceType.PERPETUAL
    start: datetime | None = None
    end: datetime | None = None
    contract_needed: bool = False
    contract: str | None = None
    divisible: bool = False
    unchecked: str | None = None

    @property
    def check(self) -> Check:
        """The contract check."""
        if not self.contract_needed:
            return Check.NOT_NEEDED
        if self.unchecked is not None:
            return Check.NOT_CHECKED
        return Check.PASSED if self.contract else Check.FAILED

    def refusal(self, now: datetime) -> AppError | None:
        """Why nothing of it can be converted, whatever is chosen."""
        if not self.tag:
            return NotEligibleError("{sku} becomes no smart licence", sku=self.sku)
        if self.end is not None and self.end <= now:
            return ClassicTermOverError("the term of {sku} is over", sku=self.sku)
        if self.check is Check.NOT_CHECKED:
            return ContractNotCheckedError(
                "the service contract of {sku} is not checked: {why}", sku=self.sku, why=self.unchecked or NOT_ASKED
            )
        if self.check is Check.FAILED:
            return ContractMissingError("no service contract covers {sku}", sku=self.sku)
        return None


@dataclass(frozen=True, slots=True)
class Holder:
    """A PAK or device with what is left in it; `partial` says whether a PAK may be converted in parts."""

    kind: SourceKind
    number: str
    partial: bool
    held: Sequence[Held]

    def may_leave_out(self) -> bool:
        """Whether single SKUs may stay: on a device always, in a PAK where it allows partial fulfilment."""
        return self.partial or self.kind is SourceKind.DEVICE

    def may_divide(self, one: Held) -> bool:
        """Whether some units of a SKU may stay."""
        return one.divisible if self.kind is SourceKind.DEVICE else self.partial

    def convertible(self, now: datetime) -> list[Held]:
        """What is eligible; the contract check may still forbid it."""
        return [one for one in self.held if one.tag and one.left and (one.end is None or one.end > now)]


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of a SKU: the units that are chosen, and why they are refused."""

    held: Held
    quantity: int
    refusal: AppError | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A conversion before it happens: its lines, and why it cannot happen; the outcome is exactly this."""

    lines: tuple[Line, ...]
    refusal: AppError | None = None

    @property
    def refused(self) -> list[AppError]:
        """Every reason against it."""
        found = [line.refusal for line in self.lines if line.refusal is not None]
        return found if self.refusal is None else [*found, self.refusal]

    @property
    def chosen(self) -> list[Line]:
        """The lines that convert something."""
        return [line for line in self.lines if line.quantity and line.refusal is None]

    @property
    def quantity(self) -> int:
        """How many units are converted."""
        return sum(line.quantity for line in self.chosen)


def plan(holder: Holder, wanted: Mapping[str, int] | None, now: datetime) -> Plan:
    """What a choice of quantities by SKU does; 0 leaves a SKU out, None chooses all that is eligible."""
    known = {one.sku: one for one in holder.held}
    for sku in wanted or ():
        if sku not in known:
            return Plan((), UnknownClassicSkuError("{number} holds no {sku}", number=holder.number, sku=sku[:255]))
    lines, convertible = [], holder.convertible(now)
    for one in holder.held:
        usual = one.left if one in convertible else 0
        quantity = usual if wanted is None else wanted.get(one.sku, 0)
        if quantity or one in convertible:
            lines.append(Line(one, quantity, _refusal(holder, one, quantity, now)))
    refusal = None
    if not any(line.quantity for line in lines):
        refusal = NothingToConvertError("nothing of {number} is chosen", number=holder.number)
    return Plan(tuple(lines), refusal)


def _refusal(holder: Holder, one: Held, quantity: int, now: datetime) -> AppError | None:
    if not quantity and holder.may_leave_out():
        return None
    if found := one.refusal(now):
        return found
    if not 0 <= quantity <= one.left:
        return TooManyToConvertError(
            "{quantity} of {sku} are chosen; {left} are left", quantity=quantity, sku=one.sku, left=one.left
        )
    if quantity != one.left and not holder.may_divide(one):
        return OnlyWholeError("all {left} of {sku} are converted at once", left=one.left, sku=one.sku)
    return None


def best_choice(holder: Holder, products: Sequence[str], now: datetime) -> tuple[dict[str, int], list[AppError]]:
    """What a run by the settings chooses of the product families, of all if none is named, and what it cannot convert.

    A PAK that is converted as a whole is chosen as a whole: a SKU without a contract, or of another family, stops it.
    """
    every = holder.convertible(now)
    chosen = [one for one in every if not products or one.family in products]
    failed = [found for one in chosen if (found := one.refusal(now)) is not None]
    if holder.may_leave_out():
        return {one.sku: one.left for one in chosen if one.refusal(now) is None}, failed
    if len(chosen) != len(every):
        return {}, []
    return ({}, failed) if failed else ({one.sku: one.left for one in chosen}, [])
