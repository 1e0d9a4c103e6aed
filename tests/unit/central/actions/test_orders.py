"""Orders as they are imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.licences import list_licences
from central.actions.orders import import_orders
from serverkit.errors import AppError
from tests.unit.central.factories import DOMAIN, add_licences, unit_of


@pytest.mark.row("C3.3")
def test_a_file_of_orders_is_imported_whole_or_not_at_all(tmp_path: Path) -> None:
    """One line that names an unknown licence refuses the file."""
    with unit_of() as unit:
        orders = add_licences(unit, tmp_path)
        wrong = tmp_path / "wrong.csv"
        wrong.write_text(orders.read_text("utf-8") + "Site,UNHEARD,1,O-1,2\n", "utf-8")
        with pytest.raises(AppError), unit.savepoint():
            import_orders(unit, DOMAIN, wrong)
        assert list_licences(unit, DOMAIN) == []

        imported = import_orders(unit, DOMAIN, orders)
        assert (imported.quantity, [one["tag"] for one in imported.items]) == (3, ["ADVANTAGE"])
