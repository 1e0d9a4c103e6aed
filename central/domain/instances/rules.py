"""What a removal of an instance does, and what stands against it (pure; rows C1.3, C6.5, C7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from central.domain.instances.errors import NothingToReleaseError, RestrictedHeldError
from serverkit.errors import AppError
from serverkit.licence_texts import freed_text, units_text
from serverkit.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Possession:
    """What an instance has, units by tag: `claimed` from the pool, `held` as restricted licences, `reserved` by its code.

    `managed` is the refusal where a satellite manages it.
    """

    name: str
    claimed: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    reserved: Mapping[str, int] = field(default_factory=dict)
    managed: AppError | None = None


def judge_removal(one: Possession, titles: Mapping[str, str]) -> Verdict:
    """Whether an instance can be removed, and what comes free; a return code is checked when it is there."""
    if one.managed is not None:
        return Verdict((one.managed,))
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
    if not any(one.claimed.values()):
        return Verdict((NothingToReleaseError("{name} uses no unrestricted licence", name=one.name),))
    return Verdict(effects=(f"{one.name} stays{freed_text(one.claimed, titles)}",))
