"""Licences as people and programs use them: ordered, listed, transferred."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.licences import list_licences, list_lots, transfer_licences
from central.actions.orders import import_orders
from central.actions.virtual_accounts import create_virtual_account
from central.domain.ledger.errors import NotEnoughFreeError
from tests.unit.central.factories import DOMAIN, POOL, add_licences, unit_of


@pytest.mark.row("C3.1", "C4.1")
def test_licences_are_transferred_up_to_what_is_free(tmp_path: Path) -> None:
    """All of it or nothing; the lots that remain are those of the order."""
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        create_virtual_account(unit, DOMAIN, "Spare")
        transfer_licences(unit, DOMAIN, POOL, "Spare", "ADVANTAGE", 2)
        with pytest.raises(NotEnoughFreeError):
            transfer_licences(unit, DOMAIN, POOL, "Spare", "ADVANTAGE", 2)

        rows = {one["virtual_account"]: one["purchased"] for one in list_licences(unit, DOMAIN)}
        assert rows == {POOL: 1, "Spare": 2}
        assert [(lot.quantity, lot.order_number) for lot in list_lots(unit, DOMAIN, [POOL])] == [(1, "O-1")]
