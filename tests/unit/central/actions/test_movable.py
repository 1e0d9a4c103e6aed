"""What the form of a transfer offers: each licence, or each lot, with what of it is free by the rule of transfers."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.movable import list_movable
from central.actions.orders import import_orders
from central.actions.virtual_accounts import create_virtual_account
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.ledger.claims import ClaimSpec, set_claims
from tests.unit.central.factories import DOMAIN, POOL, add_instance, add_licences, unit_of


@pytest.mark.row("C4.1")
def test_the_form_offers_what_is_free_by_licence_and_by_lot(tmp_path: Path) -> None:
    """Units in use are not offered; a lot names its order; licences can be chosen."""
    with unit_of() as unit:
        orders = add_licences(unit, tmp_path)
        orders.write_text(orders.read_text("utf-8") + f"{POOL},ADVANTAGE,4,O-1,2\n{POOL},ESSENTIALS,1,O-1,3\n", "utf-8")
        import_orders(unit, DOMAIN, orders)
        create_virtual_account(unit, DOMAIN, "Spare")
        account = by_domain(unit, DOMAIN)
        here, there = (virtual_account(unit, account.id, name) for name in (POOL, "Spare"))
        device = add_instance(unit, "S1")
        set_claims(unit, account.id, [ClaimSpec(device.id, here.id, "ADVANTAGE", 5, unit.now)])
        numbers = str(here.number), str(there.number)

        found = list_movable(unit, DOMAIN, *numbers)
        assert [(row["name"], row["free"], row["in_use"]) for row in found["rows"]] == [
            ("Advantage", 2, 5),
            ("Essentials", 1, 0),
        ]
        lots = list_movable(unit, DOMAIN, *numbers, ["ADVANTAGE"], by_lot=True)["rows"]
        assert sorted((row["order_line"], row["free"]) for row in lots) == [("1", 2), ("2", 2)]
        assert list_movable(unit, DOMAIN, numbers[1], numbers[0])["rows"] == []
