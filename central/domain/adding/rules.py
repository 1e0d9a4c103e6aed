"""Which licences a device brings, and whether they can be added (pure; row C7.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from central.domain.adding.errors import (
    AddedElsewhereError,
    AddingOffError,
    AlreadyAddedError,
    NotEntitledError,
    NothingToAddError,
    TooManyToAddError,
)
from serverkit.errors import AppError
from serverkit.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Offer:
    """What a product brings with each device, units by tag; which licences were added from this one here, or in another account.

    `on` is the flag *add to inventory* of the account (row C12.3).
    """

    included: Mapping[str, int]
    added: Collection[str]
    elsewhere: Collection[str] = ()
    on: bool = True

    @property
    def left(self) -> dict[str, int]:
        """What can still be added, by tag."""
        return {
            tag: count for tag, count in self.included.items() if tag not in self.added and tag not in self.elsewhere
        }


def judge_addition(offer: Offer, wanted: Mapping[str, int]) -> Verdict:
    """Every reason against adding these quantities by tag; 0 is none of a licence."""
    if not offer.on:
        return Verdict((AddingOffError(),))
    chosen = {tag: count for tag, count in wanted.items() if count}
    if not chosen:
        return Verdict((NothingToAddError(),))
    reasons: list[AppError] = []
    for tag, count in sorted(chosen.items()):
        most = offer.included.get(tag)
        if most is None:
            reasons.append(NotEntitledError("the product of the device does not bring {tag}", tag=tag[:255]))
        elif tag in offer.added:
            reasons.append(AlreadyAddedError("{tag} was added from this device already", tag=tag))
        elif tag in offer.elsewhere:
            reasons.append(AddedElsewhereError("{tag} was added from this device in another account", tag=tag))
        elif not 0 < count <= most:
            reasons.append(
                TooManyToAddError(
                    "{count} of {tag} are to be added; {most} come with the device", count=count, tag=tag, most=most
                )
            )
    return Verdict(tuple(reasons))
