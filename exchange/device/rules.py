"""Decisions that a server makes about a device's message; pure, and the same at satellite and central."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import accumulate

from exchange.device.timers import AUTHORIZATION_RENEWAL, SILENT_MINOR
from exchange.identity import Udi
from exchange.limits import KIB
from exchange.weight import json_bytes

STANDBYS = 32
"""The most standbys of a set."""
STANDBYS_BYTES = 32 * KIB
"""The most bytes of their identities: with their keys, and all else that an instance says, they fit into a row of a file."""


class CounterVerdict(StrEnum):
    """What a message's number means."""

    NEW = "new"
    REPEAT = "repeat"
    TOO_LOW = "too_low"


def judge_counter(last: int, last_digest: str | None, counter: int, digest: str) -> CounterVerdict:
    """A higher number is new; the last one again with the same bytes repeats; all else is too low."""
    if counter > last:
        return CounterVerdict.NEW
    if counter == last and digest == last_digest:
        return CounterVerdict.REPEAT
    return CounterVerdict.TOO_LOW


class RegistrationVerdict(StrEnum):
    """What a registration means for a UDI."""

    NEW = "new"
    SAME = "same"
    TAKE_OVER = "take_over"
    JOIN = "join"


def judge_registration(live: Mapping[str, str] | None, key_id: str, unit: str) -> RegistrationVerdict:
    """Rows S4.1, C7.6: what a registration means for the instance that its key or its UDI leads to.

    `live` says of each key of the instance that is in force to which unit it belongs (`Udi.key`); None where there is
    no instance. A known key is the same device. A unit of the set without a key of its own joins the others. Else a new
    key with a valid token takes the place of the unit's former one, without a person.
    """
    if live is None:
        return RegistrationVerdict.NEW
    if key_id in live:
        return RegistrationVerdict.SAME
    if live and unit not in live.values():
        return RegistrationVerdict.JOIN
    return RegistrationVerdict.TAKE_OVER


def uses_token(verdict: RegistrationVerdict, *, leads: bool, same_token: bool) -> bool:
    """Whether a registration is a use of its token: each export right comes from a use.

    A repeated registration is none. The active unit (`leads`) that shows another token with the same key exchanges its
    right, thus it uses that token; a standby's token gives no right.
    """
    return verdict is not RegistrationVerdict.SAME or (leads and not same_token)


def standbys_after(
    active: Udi, standbys: Sequence[Udi], unit: Udi, named: Sequence[Udi], with_key: Collection[str]
) -> tuple[Udi, ...]:
    """Row C7.6: the standbys of a set after one of its units registered and named the others.

    The active unit replaces the list, if it names one; a unit that has a key of its own (`with_key`, by `Udi.key`) stays.
    A standby only adds to it. Each stays written as it was first reported. A set that is full, by number or by size, takes
    no further names: an instance that is larger than a row of a file would keep its site from synchronizing.
    """
    if unit == active and not standbys and not named:
        return ()  # most devices are no set
    if unit.key == active.key and named:
        kept = [udi for udi in standbys if udi.key in with_key or udi.key in {one.key for one in named}]
    else:
        kept = list(standbys)
    found: dict[str, Udi] = {}
    for udi in (*kept, unit, *named):
        found.setdefault(udi.key, udi)
    found.pop(active.key, None)
    return fitting(found.values())


def fitting(units: Iterable[Udi]) -> tuple[Udi, ...]:
    """The first of these standbys, as many as a row of a file holds."""
    found = tuple(units)[:STANDBYS]
    sizes = accumulate(json_bytes(udi.to_dict()) for udi in found)
    return tuple(udi for udi, size in zip(found, sizes, strict=True) if size <= STANDBYS_BYTES)


def is_clone(restored_at: datetime | None, now: datetime) -> bool:
    """Whether a device that goes on above the number it was told did so within a renewal interval already."""
    return restored_at is not None and now - restored_at < AUTHORIZATION_RENEWAL


def may_alarm(certificate_expires: datetime, last_contact: datetime, now: datetime) -> bool:
    """Whether a device's silence or its late renewal can be an alert, which ends with its renewal."""
    return certificate_expires <= now or now - last_contact >= SILENT_MINOR[0]
