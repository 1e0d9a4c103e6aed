"""The one rule of upgrades: which options there are, what each needs, and why one is refused (row C5.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central.domain.ledger.replacing import Replacement
from central.domain.upgrades.errors import UpgradeRatioError, UpgradeTooLargeError
from serverkit.errors import AppError


@dataclass(frozen=True, slots=True)
class PendingLot:
    """Units of a lot that wait for their upgrade, and the ways to complete it; `end` is a time in seconds."""

    id: str
    quantity: int
    replacements: tuple[Replacement, ...]


@dataclass(frozen=True, slots=True)
class Replaceable:
    """What may be replaced of a licence: lots in the order in which they go, and how much of them is free in all."""

    lots: Sequence[tuple[str, int]]
    free: int

    @property
    def most(self) -> int:
        """How many units may go."""
        return min(self.free, sum(quantity for _, quantity in self.lots))


NOTHING = Replaceable((), 0)


@dataclass(frozen=True, slots=True)
class Offer:
    """One option for a quantity: what it needs of the upgrade and of the replaced licence, what there is, and why not."""

    option: Replacement
    quantity: int
    pending: int
    needed: int
    free: int
    refusal: AppError | None

    @property
    def most(self) -> int:
        """The largest quantity of this option."""
        return self.option.most(self.pending, self.free)


def offers(
    pending: Sequence[PendingLot], replaceable: Mapping[str, Replaceable], quantity: int, names: Mapping[str, str]
) -> list[Offer]:
    """Every option of the pending lots, for a quantity; those that can be completed first."""
    sums: dict[Replacement, int] = {}
    for lot in pending:
        for option in lot.replacements:
            sums[option] = sums.get(option, 0) + lot.quantity
    found = [
        _offer(option, quantity, there, replaceable.get(option.tag, NOTHING).most, names)
        for option, there in sums.items()
    ]
    return sorted(found, key=lambda one: (one.refusal is not None, names.get(one.option.tag, ""), one.option.key))


def _offer(option: Replacement, quantity: int, pending: int, free: int, names: Mapping[str, str]) -> Offer:
    needed = option.needed(quantity)
    refusal: AppError | None = None
    if quantity < 1 or needed is None:
        refusal = UpgradeRatioError(
            "{upgraded} upgrades replace {replaced} of {name}, so {quantity} cannot be upgraded",
            upgraded=option.upgraded,
            replaced=option.replaced,
            name=names.get(option.tag, option.tag),
            quantity=quantity,
        )
    elif quantity > pending or needed > free:
        refusal = UpgradeTooLargeError(
            "to upgrade {quantity}, {needed} of {name} are needed; pending: {pending}, free of {name}: {free}",
            quantity=quantity,
            needed=needed,
            name=names.get(option.tag, option.tag),
            pending=pending,
            free=free,
        )
    return Offer(option, quantity, pending, needed or 0, free, refusal)


def picks(lots: Sequence[tuple[str, int]], quantity: int) -> list[tuple[str, int]]:
    """So many units of lots, in their order."""
    found = []
    for lot, there in lots:
        taken = min(there, quantity)
        if taken > 0:
            found.append((lot, taken))
        quantity -= taken
    return found


def state_of(pending: Sequence[PendingLot], replaceable: Mapping[str, Replaceable]) -> str:
    """What the quantities are, in a short text that changes with any of them."""
    parts = [f"{lot.id}:{lot.quantity}" for lot in sorted(pending, key=lambda lot: lot.id)]
    for tag, one in sorted(replaceable.items()):
        parts += [f"{tag}:{one.free}", *(f"{lot}:{quantity}" for lot, quantity in one.lots)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
