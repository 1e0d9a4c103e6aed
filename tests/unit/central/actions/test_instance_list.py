"""The list of instances, what they have by term, and what changes of them would do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.actions.instance_details import show_instance_details, terms_of
from central.actions.instance_list import list_instance_window
from central.actions.instance_plans import plan_removals, plan_transfers
from central.actions.orders import import_orders
from central.actions.virtual_accounts import list_places
from central.domain.accounts.queries import by_domain
from central.domain.instances.errors import UnknownInstanceError
from central.domain.ledger.claims import ClaimSpec, set_claims
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from tests.unit.central.factories import DOMAIN, NOW, POOL, add_instance, add_licences, unit_of


def claim(unit: Unit, instance_id: str, virtual_account_id: str, count: int) -> None:
    """An instance uses a licence."""
    account = by_domain(unit, DOMAIN)
    set_claims(unit, account.id, [ClaimSpec(instance_id, virtual_account_id, "ADVANTAGE", count, NOW)])


@pytest.mark.row("C7.1")
def test_a_window_holds_the_instances_of_its_place_in_its_order() -> None:
    """Forth and back by keys; a text finds host name, serial number or id; a number that is none finds nothing."""
    with unit_of() as unit:
        rows = [add_instance(unit, f"SN{number}", f"core-{number}") for number in range(5)]
        number = str(next(one["number"] for one in list_places(unit, DOMAIN) if one["name"] == POOL))
        other = str(next(one["number"] for one in list_places(unit, DOMAIN) if one["name"] != POOL))
        first = list_instance_window(unit, DOMAIN, "all", Part(most=2))
        then = list_instance_window(unit, DOMAIN, number, Part(most=2, after=first.next))
        assert [one["name"] for one in [*first.items, *then.items]] == ["core-0", "core-1", "core-2", "core-3"]
        assert (first.count, list_instance_window(unit, DOMAIN, other).count) == (5, 0)
        back = list_instance_window(unit, DOMAIN, number, Part(most=2, before=then.before))
        assert [one["id"] for one in back.items] == [one["id"] for one in first.items]
        for words in ("CORE-3", "sn3", rows[3].id):
            found = list_instance_window(unit, DOMAIN, number, Part(sort="-last_contact", filters={"q": words}))
            assert [one["id"] for one in found.items] == [rows[3].id], words


@pytest.mark.row("C7.1", "C7.3")
def test_a_shortage_shows_on_the_instance_and_filters(tmp_path: Path) -> None:
    """Two of five are short: both are found, and their details and plans tell the same."""
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        one, two = add_instance(unit, "SN1", "core-1"), add_instance(unit, "SN2", "core-2")
        claim(unit, one.id, one.virtual_account_id, 3)
        assert list_instance_window(unit, DOMAIN, "all", Part(filters={"state": "out_of_compliance"})).items == []
        claim(unit, two.id, two.virtual_account_id, 1)
        short = list_instance_window(unit, DOMAIN, "all", Part(filters={"state": "out_of_compliance"})).items
        assert [(row["name"], row["short"]) for row in short] == [("core-1", True), ("core-2", True)]
        details = show_instance_details(unit, DOMAIN, one.id)
        assert [(row["name"], row["count"], row["expires"], row["state"]) for row in details["licences"]] == [
            ("Advantage", 3, "never", "out_of_compliance")
        ]
        plans = plan_removals(unit, DOMAIN, [two.id, one.id, "f" * 32])
        assert [(plan.name, plan.verdict.allowed) for plan in plans] == [("core-2", True), ("core-1", True)]
        moves = plan_transfers(unit, DOMAIN, [one.id, two.id], "DEFAULT")
        assert [[had.count for had in plan.short] for plan in moves] == [[3], [4]]
        with pytest.raises(UnknownInstanceError):
            show_instance_details(unit, DOMAIN, "f" * 32)


@pytest.mark.row("C7.1")
def test_terms_are_added_up_by_their_end_and_perpetual_ones_come_first() -> None:
    """Never, one day, or several terms."""
    early, late = datetime(2027, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    found = terms_of([(1, early), (2, None), (3, late), (4, early)])
    assert [(one.quantity, one.end) for one in found] == [(2, None), (3, late), (5, early)]
    assert found[0].until == "never"
    assert found[2].shown()["last_day"] == "2026-12-31"
