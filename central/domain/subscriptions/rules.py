"""The one rule of assignments: what ticks mean, and which subscription is enabled where (row C4.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange.compliance import LotView


class Standing(StrEnum):
    """What a subscription is in a virtual account: the one that counts, or a duplicate of it."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Present:
    """A subscription of a licence in a virtual account: its lots there, and the number of the posting that brought it."""

    place: str
    tag: str
    subscription: str
    lots: tuple[tuple[LotView, int], ...]
    arrived: int


@dataclass(frozen=True, slots=True)
class Step:
    """One change: from a virtual account to another (a move), to one alone (a copy of `source`), or out of one."""

    kind: str
    source: str
    target: str = ""


MOVED, COPIED, WITHDRAWN = "moved", "copied", "withdrawn"


def standings(present: Sequence[Present]) -> dict[tuple[str, str, str], Standing]:
    """By virtual account, licence and subscription: the one that came first is enabled, later ones are duplicates."""
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for one in present:
        key = (one.place, one.tag)
        first[key] = min(first.get(key, (one.arrived, one.subscription)), (one.arrived, one.subscription))
    return {
        (one.place, one.tag, one.subscription): (
            Standing.ENABLED if first[one.place, one.tag][1] == one.subscription else Standing.DISABLED
        )
        for one in present
    }


def steps(has: Sequence[str], wanted: Collection[str], order: Mapping[str, int]) -> list[Step]:
    """What brings a subscription from the virtual accounts that have it to those that are wanted.

    Each that is left is a move to one that is new, as long as there are both; what is new beyond that is a copy, what is
    left beyond that is a withdrawal. `order` says in which order virtual accounts are taken.
    """
    gone = sorted(set(has) - set(wanted), key=lambda place: order.get(place, 0))
    new = sorted(set(wanted) - set(has), key=lambda place: order.get(place, 0))
    found = [Step(MOVED, source, target) for source, target in zip(gone, new, strict=False)]
    found += [Step(COPIED, has[0], target) for target in new[len(gone) :]]
    return found + [Step(WITHDRAWN, source) for source in gone[len(new) :]]
