"""Reading order lines: what each type needs, and what is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central.domain.ledger.rules import parse_quantity, row_reader
from serverkit.table_file import RowError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE = {"virtual_account": "Site", "tag": "T", "quantity": "5"}


@pytest.mark.row("C3.3")
def test_a_demo_lasts_sixty_days_unless_dates_are_given() -> None:
    """A demo line without dates starts now and ends 60 days later."""
    spec = row_reader(NOW)({**BASE, "type": "demo"})

    assert (spec.start, spec.end) == (NOW, NOW + timedelta(days=60))


FAULTS = {
    "a term without dates": ({"type": "term"}, "term_needs_dates"),
    "a demo with an end alone": ({"type": "demo", "end": "2027-06-01"}, "term_needs_dates"),
    "a perpetual licence with an end": ({"type": "perpetual", "end": "2027-01-01"}, "perpetual_has_no_end"),
    "an end before the start": (
        {"type": "term", "start": "2027-01-01", "end": "2026-01-01"},
        "term_ends_before_start",
    ),
    "an unknown type": ({"type": "forever"}, "invalid_type"),
    "an unknown source": ({"source": "gift"}, "invalid_source"),
    "a date that is none": ({"type": "term", "start": "soon", "end": "later"}, "invalid_date"),
    "an order without a line": ({"order_number": "O-1"}, "incomplete_order_reference"),
    "a negative quantity": ({"quantity": "-1"}, "invalid_quantity"),
    "full-width digits": ({"quantity": "１２"}, "invalid_quantity"),
    "a grouped quantity": ({"quantity": "1_000"}, "invalid_quantity"),
}


@pytest.mark.row("C3.4")
@pytest.mark.parametrize(("cells", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_faulty_lines_are_refused_by_name(cells: dict[str, str], code: str) -> None:
    """Each fault of a line has a code of its own."""
    with pytest.raises(RowError) as refused:
        row_reader(NOW)({**BASE, **cells})

    assert refused.value.code == code


@pytest.mark.row("C3.4")
def test_a_word_that_is_none_of_its_kind_is_quoted() -> None:
    """What was found is named, beside what may be there."""
    with pytest.raises(RowError, match=r"'subscription' is not a type; it is one of perpetual, term"):
        row_reader(NOW)({**BASE, "type": "subscription"})


@pytest.mark.row("C3.4")
def test_the_largest_quantity_is_taken_and_one_more_is_not() -> None:
    """A thousand million is the most."""
    assert parse_quantity("1000000000") == 1_000_000_000
    with pytest.raises(RowError):
        parse_quantity("1000000001")
