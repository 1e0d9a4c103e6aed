"""Devices that are shipped with reserved licences."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.licences import list_licences
from central.actions.orders import import_orders
from central.actions.reservations import list_reservations
from central.actions.shipments import import_shipped
from exchange.codes.request import make_request_code
from exchange.identity import Udi
from serverkit.errors import AppError
from tests.unit.central.factories import DOMAIN, POOL, add_licences, keyring_of, unit_of

CODES = [make_request_code(Udi(pid="SW-48", serial=serial), serial.encode() * 16) for serial in ("S1", "S2")]


@pytest.mark.row("C6.6")
def test_a_shipment_is_reserved_whole_and_a_preview_leaves_nothing(tmp_path: Path) -> None:
    """The preview shows what the import makes; a line with more than is free stops all of them."""
    file = tmp_path / "shipped.csv"

    def ship(*counts: int) -> Path:
        rows = [f"{code},{POOL},ADVANTAGE,{count}\n" for code, count in zip(CODES, counts, strict=True)]
        file.write_text("request_code,virtual_account,tag,quantity\n" + "".join(rows), "utf-8")
        return file

    keyring = keyring_of(tmp_path)
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        with pytest.raises(AppError), unit.savepoint():
            import_shipped(unit, keyring, DOMAIN, ship(2, 2))
        shown = import_shipped(unit, keyring, DOMAIN, ship(2, 1), preview=True)
        assert list_reservations(unit, DOMAIN) == []
        made = import_shipped(unit, keyring, DOMAIN, file)
        assert [one["serial"] for one in made.items] == [one["serial"] for one in shown.items] == ["S1", "S2"]
        assert made.summary["devices"] == len(made.codes) == len(list_reservations(unit, DOMAIN)) == 2
        assert list_licences(unit, DOMAIN)[0]["reserved"] == 3
