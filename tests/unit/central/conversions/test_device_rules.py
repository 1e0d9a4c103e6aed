"""The rule of device-led conversion: totals, what was converted before, and why units stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.domain.conversions.device_rules import LONGEST_WAY, Listed, judge
from central.domain.conversions.rules import Held, Holder, SourceKind
from exchange.conversion import ClassicLine, state_of

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def asked(lines: dict[str, int], at: datetime = NOW) -> tuple[list[ClassicLine], datetime]:
    """The lines of a request, and when it was made."""
    return [ClassicLine(sku, count) for sku, count in lines.items()], at


def holder(*held: Held) -> Holder:
    """What the vendor's list has left of a device."""
    return Holder(SourceKind.DEVICE, "PID:SW SN:1", True, held)


@pytest.mark.row("C9.5")
@pytest.mark.parametrize(
    ("listed", "held", "lines", "told"),
    [
        ({}, (), {"A": 1}, {"A": (0, "not_listed")}),
        ({"A": Listed(1, 0, "")}, (Held("A", 1),), {"A": 1}, {"A": (0, "sku_not_eligible")}),
        ({"A": Listed(2, 0, "T")}, (Held("A", 2, tag="T"),), {"A": 5}, {"A": (2, "more_than_listed")}),
        ({"A": Listed(5, 0, "T")}, (Held("A", 5, tag="T"),), {"A": 2}, {"A": (0, "partial_not_allowed")}),
        ({"A": Listed(5, 0, "T")}, (Held("A", 5, tag="T", divisible=True),), {"A": 2}, {"A": (2, None)}),
        ({"A": Listed(5, 2, "T")}, (Held("A", 3, tag="T", divisible=True),), {"A": 2}, {"A": (2, None)}),
        (
            {"A": Listed(1, 0, "T")},
            (Held("A", 1, tag="T", end=NOW - timedelta(days=1)),),
            {"A": 1},
            {"A": (0, "classic_term_over")},
        ),
        (
            {"A": Listed(1, 0, "T"), "B": Listed(1, 0, "U")},
            (Held("A", 1, tag="T", contract_needed=True), Held("B", 1, tag="U")),
            {"A": 1, "B": 1},
            {"A": (0, "contract_missing"), "B": (1, None)},
        ),
    ],
)
def test_each_sku_is_told_what_became_of_it(
    listed: dict[str, Listed], held: tuple[Held, ...], lines: dict[str, int], told: dict[str, tuple[int, str | None]]
) -> None:
    """A line that fails does not stop the others; only what the vendor's list knows becomes a licence."""
    found = judge(*asked(lines), listed, holder(*held), NOW)
    assert {line.sku: (line.converted, line.reason) for line in found.lines} == told


@pytest.mark.row("C9.5")
def test_a_request_of_more_than_90_days_converts_nothing_and_forgets_nothing() -> None:
    """What was converted before still counts; a request of exactly 90 days converts."""
    listed = {"A": Listed(5, 2, "T")}
    left = holder(Held("A", 3, tag="T", divisible=True))
    late = judge(*asked({"A": 5}, NOW - LONGEST_WAY - timedelta(seconds=1)), listed, left, NOW)
    assert [(line.converted, line.reason) for line in late.lines] == [(2, "too_late")]
    assert judge(*asked({"A": 5}, NOW - LONGEST_WAY), listed, left, NOW).wanted == {"A": 3}


@pytest.mark.row("C9.5")
@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(0, 20))
def test_whatever_a_device_repeats_no_more_is_converted_than_it_said_and_than_is_listed(
    totals: list[int], quantity: int
) -> None:
    """Any series of totals converts as much as the largest of them, and never more than the vendor listed."""
    converted = 0
    for total in totals:
        listed = {"A": Listed(quantity, converted, "T")}
        left = holder(*([Held("A", quantity - converted, tag="T", divisible=True)] if quantity > converted else []))
        found = judge(*asked({"A": total}), listed, left, NOW)
        [line] = found.lines
        converted += sum(found.wanted.values())
        assert line.converted == min(total, converted)
        assert (line.reason is None) == (line.converted == total)
        assert state_of(found.lines, sum(found.wanted.values())) != "pending"
    assert converted == min(max(totals), quantity)
