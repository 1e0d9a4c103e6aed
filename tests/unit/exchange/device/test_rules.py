"""What a server decides about a device's message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exchange.device.rules import (
    STANDBYS,
    STANDBYS_BYTES,
    CounterVerdict,
    RegistrationVerdict,
    fitting,
    is_clone,
    judge_counter,
    judge_registration,
    may_alarm,
    standbys_after,
)
from exchange.device.timers import AUTHORIZATION_RENEWAL
from exchange.identity import Udi
from exchange.weight import json_bytes

NOW = datetime(2027, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
A, B, C = (Udi(pid="SW-48", serial=name) for name in "ABC")


@pytest.mark.row("S4.1")
def test_numbers_stop_replay() -> None:
    """A higher number is new; the last one repeats with the same bytes only."""
    assert judge_counter(5, "x", 6, "x") is CounterVerdict.NEW
    assert judge_counter(5, "x", 5, "x") is CounterVerdict.REPEAT
    assert judge_counter(5, "x", 5, "y") is CounterVerdict.TOO_LOW
    assert judge_counter(5, "x", 4, "x") is CounterVerdict.TOO_LOW


@pytest.mark.row("S4.1", "C7.6")
def test_a_registration_is_new_the_same_a_take_over_or_joins_a_set() -> None:
    """A known key is the same device whichever unit it names."""
    live = {"key-a": A.key}

    assert judge_registration(None, "key-a", A.key) is RegistrationVerdict.NEW
    assert judge_registration(live, "key-a", B.key) is RegistrationVerdict.SAME
    assert judge_registration(live, "key-b", B.key) is RegistrationVerdict.JOIN
    assert judge_registration(live, "key-b", A.key) is RegistrationVerdict.TAKE_OVER
    assert judge_registration({}, "key-b", A.key) is RegistrationVerdict.TAKE_OVER


@pytest.mark.row("C7.6")
def test_the_active_unit_replaces_the_list_of_standbys_and_a_standby_only_adds() -> None:
    """A unit with a key of its own stays on the list."""
    assert standbys_after(A, [B], A, [C], with_key=()) == (C,)
    assert standbys_after(A, [B], A, [C], with_key={B.key}) == (B, C)
    assert standbys_after(A, [B], C, [A], with_key=()) == (B, C)
    assert standbys_after(A, [B], A, [], with_key=()) == (B,)


@pytest.mark.row("S4.1", "C7.5")
def test_a_second_jump_within_a_renewal_interval_is_a_clone() -> None:
    """The interval's end belongs to the next one; an alert is possible once the identity or the contact is late."""
    assert not is_clone(None, NOW)
    assert is_clone(NOW - AUTHORIZATION_RENEWAL + DAY, NOW)
    assert not is_clone(NOW - AUTHORIZATION_RENEWAL, NOW)
    assert not may_alarm(NOW + DAY, NOW - 29 * DAY, NOW)
    assert may_alarm(NOW, NOW, NOW)
    assert may_alarm(NOW + DAY, NOW - 30 * DAY, NOW)


@pytest.mark.row("C7.6")
def test_a_set_stays_as_small_as_a_row_of_a_file_holds() -> None:
    """Units that name ever more others do not let it grow; those that are in it stay."""
    first = [Udi(pid="P", serial=f"A{number}") for number in range(STANDBYS)]
    more = [Udi(pid="P", serial=f"B{number}") for number in range(STANDBYS)]
    full = standbys_after(A, [], A, first, with_key=())

    assert standbys_after(A, full, first[0], more, with_key={first[0].key}) == full == tuple(first)
    assert len(standbys_after(A, full, A, more, with_key={first[5].key})) == STANDBYS


@pytest.mark.row("C7.6", "E2")
def test_a_set_with_long_identities_is_cut_before_it_outgrows_a_row() -> None:
    """What counts is bytes, not letters; those that are in the set stay in front."""
    parts = ("pid", "serial", "uuid", "vid", "host_identifier", "suvi", "mac_address")
    units = [Udi(**dict.fromkeys(parts, f"{number}{'é' * 250}")) for number in range(STANDBYS)]
    found = standbys_after(A, [B], A, units, with_key={B.key})

    assert found[:2] == (B, units[0])
    assert sum(json_bytes(udi.to_dict()) for udi in found) <= STANDBYS_BYTES
    assert len(found) < STANDBYS
    assert len(fitting(Udi(pid="P", serial=f"S{number}") for number in range(64))) == STANDBYS
