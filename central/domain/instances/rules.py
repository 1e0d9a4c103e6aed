"""What a removal of an instance does, and what stands against it (pure; rows C1.3, C6.5, C7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from central.domain.instances.errors import DetachedInstanceError, NothingToReleaseError, RestrictedHeldError
from exchange.compliance import until as day_of
from serverkit.errors import AppError
from serverkit.licence_texts import freed_text, units_text
from serverkit.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Possession:
    """What an instance has, units by tag: `claimed` from the pool, `held` as restricted licences, `reserved` by its code.

    `managed` is the refusal where a satellite manages it, `detached` the one where it is detached.
    """

    name: str
    claimed: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    reserved: Mapping[str, int] = field(default_factory=dict)
    managed: AppError | None = None
    detached: AppError | None = None


def judge_removal(one: Possession, titles: Mapping[str, str]) -> Verdict:
    """Whether an instance can be removed, and what comes free; a return code is checked when it is there."""
    if one.managed is not None:
        return Verdict((one.managed,))
    if one.detached is not None:
        return Verdict((one.detached,))
    if one.held:
        others = units_text(one.claimed, titles)
        return Verdict(
            (
                RestrictedHeldError(
                    "{name} holds restricted licences: {units}. Without them can be released: {others}",
                    name=one.name,
                    units=units_text(one.held, titles),
                    others=others or "nothing",
                ),
            )
        )
    return Verdict(effects=(f"{one.name} is removed{freed_text(one.claimed, titles)}; it must register again",))


def judge_release(one: Possession, titles: Mapping[str, str]) -> Verdict:
    """Whether the unrestricted licences of an instance that cannot be removed are released, and which those are."""
    if one.managed is not None:
        return Verdict((one.managed,))
    if one.detached is not None:
        return Verdict((one.detached,))
    if not any(one.claimed.values()):
        return Verdict((NothingToReleaseError("{name} uses no unrestricted licence", name=one.name),))
    return Verdict(effects=(f"{one.name} stays{freed_text(one.claimed, titles)}",))


def why_detached(name: str, until: datetime | None, now: datetime) -> AppError | None:
    """The refusal of what would free the units of a detached device; None where no term runs (row C7.8)."""
    if until is None or until <= now:
        return None
    return DetachedInstanceError("{name} is detached {end}: its licences stay in use", name=name, end=day_of(until))
