"""What may be reserved and changed, and how many devices may be released without a return code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from central.domain.reservations.errors import InvalidCodeError, NothingReservedError
from central.domain.reservations.rules import (
    MOST_LINES,
    WantedLicence,
    check_changes,
    check_wishes,
    is_confirmed_by,
    is_returned_by,
    most_releases,
    read_request,
)

CODE = "CE-ZX:1-A6rZG7jGd-75"
Check = Callable[[Sequence[WantedLicence]], None]


@pytest.mark.row("C6.5")
@pytest.mark.parametrize(("reserving", "most"), [(0, 0), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_a_tenth_of_the_devices_rounded_up_may_be_released(reserving: int, most: int) -> None:
    """One device in ten, and one where there are fewer."""
    assert most_releases(reserving) == most


@pytest.mark.row("C6.2")
@pytest.mark.parametrize("check", [check_wishes, check_changes])
def test_an_order_of_licences_is_bounded_and_names_each_once(check: Check) -> None:
    """Nothing, a licence twice, a negative quantity and too many lines are refused."""
    lines = [WantedLicence(f"T{number}", 1) for number in range(MOST_LINES + 1)]
    for wrong in ([], [lines[0], lines[0]], [WantedLicence("T", -1)], lines):
        with pytest.raises(NothingReservedError):
            check(wrong)
    check(lines[:MOST_LINES])


@pytest.mark.row("C6.3")
def test_a_change_may_give_a_licence_up_and_a_new_reservation_may_not() -> None:
    """Zero is a quantity for an update only."""
    check_changes([WantedLicence("T", 0)])
    with pytest.raises(NothingReservedError):
        check_wishes([WantedLicence("T", 0)])


@pytest.mark.row("C6.1")
def test_a_request_code_is_read_as_it_was_typed() -> None:
    """Blanks around it do not matter; a check value that does not fit does."""
    assert read_request(f"  {CODE} ").text == CODE
    with pytest.raises(InvalidCodeError):
        read_request("CP-ZSW-48:SN1-A6rZG7jGd-7z")


@pytest.mark.row("C6.4")
def test_what_is_no_code_of_a_device_proves_nothing() -> None:
    """A text of another form is refused and never taken for a proof."""
    for judge in (lambda: is_returned_by(CODE, "nonsense"), lambda: is_confirmed_by(CODE, "nonsense", 1)):
        with pytest.raises(InvalidCodeError):
            judge()
