"""The rule of upgrades by itself: options, ratios, the largest quantity, and a state that shows every change."""

from __future__ import annotations

import pytest

from central.domain.ledger.replacing import Replacement, read_replacements
from central.domain.upgrades.rules import PendingLot, Replaceable, offers, picks, state_of
from serverkit.table_file import RowError

TWO, THREE = Replacement("OLD", 1, 2), Replacement("OTHER", 3, 1)


@pytest.mark.row("C5.1")
def test_options_follow_the_ratio_and_say_why_they_cannot_be() -> None:
    """Units of several lots with the same option add up; the ratio divides the quantity; the smaller side limits it."""
    pending = [PendingLot("a", 4, (TWO, THREE)), PendingLot("b", 3, (TWO,))]
    replaceable = {"OLD": Replaceable([("x", 5), ("y", 6)], 10), "OTHER": Replaceable([("z", 1)], 9)}
    found = {one.option: one for one in offers(pending, replaceable, 3, {})}
    two, three = found[TWO], found[THREE]
    assert (two.pending, two.needed, two.free, two.most, two.refusal) == (7, 6, 10, 5, None)
    assert (three.pending, three.needed, three.free, three.most, three.refusal) == (4, 1, 1, 3, None)
    codes = {one.option.tag: one.refusal.code for one in offers(pending, replaceable, 7, {}) if one.refusal}
    assert codes == {"OLD": "upgrade_too_large", "OTHER": "upgrade_ratio"}
    assert picks(replaceable["OLD"].lots, 6) == [("x", 5), ("y", 1)]


@pytest.mark.row("C5.1")
def test_the_state_changes_with_every_quantity() -> None:
    """Of pending lots, of what is free, and of each lot that may be replaced."""
    states = {
        state_of([PendingLot("a", pending, (TWO,))], {"OLD": Replaceable([("x", lot)], free)})
        for pending in (1, 2)
        for lot in (3, 4)
        for free in (3, 4)
    }
    assert len(states) == 8


@pytest.mark.row("C5.1")
def test_the_column_replaces_is_read_strictly() -> None:
    """Several ways are separated by semicolons; anything else is refused."""
    assert read_replacements("OLD=1:2; OTHER=3:1;") == (TWO, THREE)
    assert read_replacements("") == ()
    for wrong in ("OLD", "OLD=1", "OLD=0:1", "OLD=1:x", "=1:1", "OLD=1:1;OLD=1:2", "OLD=12345:1"):
        with pytest.raises(RowError):
            read_replacements(wrong)
