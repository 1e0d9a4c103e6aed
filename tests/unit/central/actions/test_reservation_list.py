"""The list of reservations: those of a virtual account, filtered and ordered by the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.orders import import_orders
from central.actions.reservation_list import list_reservation_window
from central.actions.reservations import create_reservation, release_reservation
from central.actions.virtual_accounts import list_places
from central.domain.reservations.rules import WantedLicence
from exchange.codes.request import make_request_code
from exchange.identity import Udi
from serverkit.db.windows import Part
from tests.unit.central.factories import DOMAIN, POOL, add_licences, keyring_of, unit_of


@pytest.mark.row("C6.1")
def test_reservations_are_found_by_device_and_state(tmp_path: Path) -> None:
    """By a part of the code, in any case of letters; one that was released has its own state."""
    keyring = keyring_of(tmp_path)
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        place = next(str(one["number"]) for one in list_places(unit, DOMAIN) if one["name"] == POOL)
        for serial in ("SN1", "SN2"):
            code = make_request_code(Udi(pid="SW-48", serial=serial), b"1" * 32)
            made = create_reservation(unit, keyring, DOMAIN, POOL, code, [WantedLicence("ADVANTAGE", 1)])
        release_reservation(unit, DOMAIN, made.view["id"], "the device burnt")
        unit.session.flush()

        listed = list_reservation_window(unit, DOMAIN, place, Part(sort="device"))
        assert [("SN1" in one["request_code"], one["state"]) for one in listed.items] == [
            (True, "active"),
            (False, "released"),
        ]
        for filters, count in (({"q": "sn2"}, 1), ({"q": "sn"}, 2), ({"status": "released"}, 1), ({"q": "none"}, 0)):
            assert list_reservation_window(unit, DOMAIN, place, Part(filters=filters)).count == count
