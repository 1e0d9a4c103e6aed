"""Who a device is, and the set of units that count as one."""

from __future__ import annotations

import pytest

from exchange.errors import MalformedError
from exchange.identity import Udi, UnitSet, ascii_lower

FIRST, SECOND, THIRD = (Udi(pid="SW-48", serial=name) for name in ("A", "B", "C"))
SET = UnitSet((FIRST, SECOND, THIRD))


@pytest.mark.row("S4.1", "B12")
def test_two_udis_are_one_device_by_product_serial_number_and_uuid() -> None:
    """ASCII case, blanks around and hyphens of a UUID do not count; a letter of another alphabet keeps its case."""
    one = Udi(pid=" sw-48 ", serial="abc", uuid="6FE83ADD-C802-40BC-92DC-071AC7A37624")
    other = Udi(pid="SW-48", serial="ABC", uuid="6fe83addc80240bc92dc071ac7a37624")

    assert one.key == other.key
    assert one.plain_key == Udi(pid="SW-48", serial="ABC").key
    assert ascii_lower("ÄB") == "Äb"
    assert Udi.from_dict(one.to_dict()) == one
    for wrong in ({"pid": "", "serial": "A"}, {"pid": "SW-48", "serial": "A B"}, {"pid": "SW-48", "serial": "A" * 256}):
        with pytest.raises(MalformedError):
            Udi(**wrong)


@pytest.mark.row("C7.6")
def test_another_unit_leads_a_set_and_the_others_keep_their_order() -> None:
    """The one that led becomes a standby; the count of units does not change."""
    assert SET.led_by(THIRD).members == (THIRD, FIRST, SECOND)
    assert SET.led_by(FIRST) == SET


@pytest.mark.row("C7.6")
def test_when_a_unit_leaves_the_first_one_that_has_a_key_leads() -> None:
    """Standbys without a key of their own lead nothing; the unit that left is not listed any more."""
    assert SET.heir({THIRD.key, SECOND.key}) == SECOND
    assert SET.heir({THIRD.key}) == THIRD
    assert SET.standbys_without(SECOND.key) == [THIRD]
    assert SET.find(SECOND.key) == SECOND
    assert SET.find("another") is None


@pytest.mark.row("S4.1", "C7.6")
def test_a_set_is_found_by_every_key_under_which_its_units_are_shown() -> None:
    """With a UUID a unit is shown by two keys: its own, and that of its product and serial number."""
    known = UnitSet.of({"pid": "SW-48", "serial": "A", "uuid": "6fe83add"}, [SECOND.to_dict()])

    assert known.shown_as == {"sw-48|a|6fe83add", "sw-48|a|", "sw-48|b|"}
    assert (known.active.serial, [each.serial for each in known.standbys]) == ("A", ["B"])
