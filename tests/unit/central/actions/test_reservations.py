"""Reservations as people and programs use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions import reservations
from central.actions.accounts import change_account
from central.actions.event_log import list_events
from central.actions.licences import list_licences
from central.actions.orders import import_orders
from central.domain.accounts.errors import UnknownAccountError
from central.domain.reservations.errors import AlreadyReservedError, InvalidCodeError, ReservationOffError
from central.domain.reservations.rules import WantedLicence
from central.keyring import KeyRing
from exchange.codes.request import make_request_code
from exchange.identity import Udi
from serverkit.db.paging import Slice
from serverkit.errors import AppError
from tests.unit.central.factories import DOMAIN, NOBODY, POOL, add_licences, keyring_of, unit_of

CODE = make_request_code(Udi(pid="SW-48", serial="SN1"), b"1" * 32)
WANTED = [WantedLicence("ADVANTAGE", 2)]


@pytest.mark.row("C6.1", "C6.5")
def test_licences_are_reserved_for_the_device_of_a_code_all_or_none(tmp_path: Path) -> None:
    """More than is free reserves nothing; a second reservation and a wrong return code are refused."""
    keyring = keyring_of(tmp_path)
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        with pytest.raises(AppError), unit.savepoint():
            reservations.create_reservation(unit, keyring, DOMAIN, POOL, CODE, [WantedLicence("ADVANTAGE", 4)])
        assert reservations.list_reservations(unit, DOMAIN) == []
        made = reservations.create_reservation(unit, keyring, DOMAIN, POOL, CODE, WANTED)
        of = made.view["id"]

        assert [one["id"] for one in reservations.list_reservations(unit, DOMAIN, POOL)] == [of]
        assert reservations.show_authorization_code(unit, DOMAIN, of).code == made.code
        assert "licences reserved for" in list_events(unit, DOMAIN, None, Slice(1)).items[0]["message"]
        with pytest.raises(AlreadyReservedError):
            reservations.create_reservation(unit, keyring, DOMAIN, POOL, CODE, WANTED)
        with pytest.raises(InvalidCodeError):
            reservations.return_reservation(unit, DOMAIN, of, "nonsense")
        before = reservations.show_reservation(unit, DOMAIN, of)
        assert before["state"] == "active"
        released = reservations.release_reservation(unit, DOMAIN, of, "the device burnt")
        assert released["state"] == "released"
        assert {one["tag"]: one["purchased"] for one in list_licences(unit, DOMAIN)} == {"ADVANTAGE": 3}


@pytest.mark.row("C6.1", "C1.6")
def test_nothing_is_reserved_where_the_vendor_does_not_permit_it_or_for_a_user_without_a_role(tmp_path: Path) -> None:
    """Nothing is left behind by a refusal."""
    keyring = KeyRing(tmp_path)  # nothing is signed
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        change_account(unit, DOMAIN, reservation_allowed=False)
        with pytest.raises(ReservationOffError):
            reservations.create_reservation(unit, keyring, DOMAIN, POOL, CODE, WANTED)
        assert reservations.list_reservations(unit, DOMAIN) == []
        unit.actor = NOBODY
        with pytest.raises(UnknownAccountError):
            reservations.create_reservation(unit, keyring, DOMAIN, POOL, CODE, WANTED)
