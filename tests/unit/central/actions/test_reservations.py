"""Reservations as people and programs use them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from central.actions import reservations
from central.actions.accounts import change_account
from central.actions.event_log import list_events
from central.actions.licences import list_licences
from central.actions.orders import import_orders
from central.actions.virtual_accounts import delete_virtual_account
from central.domain.accounts.errors import UnknownAccountError
from central.domain.accounts.queries import by_domain, default_virtual_account, virtual_account
from central.domain.ledger.services import expire_lots
from central.domain.ledger.verification import verify
from central.domain.reservations.errors import (
    AlreadyReservedError,
    InvalidCodeError,
    OwedUnitsError,
    ReservationOffError,
)
from central.domain.reservations.queries import outstanding, owed_units
from central.domain.reservations.rules import WantedLicence
from central.domain.transfers.services import transfer_licences
from central.keyring import KeyRing
from exchange.codes.request import make_request_code
from exchange.codes.returning import make_return_code
from exchange.codes.secrets import SECRET_BYTES
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


@pytest.mark.row("C6.7", "C6.9")
@pytest.mark.parametrize("chosen_again", [False, True], ids=["returned", "updated, then returned"])
def test_a_term_that_ends_before_the_failed_device_is_returned_is_owed_no_longer(
    tmp_path: Path, chosen_again: bool
) -> None:
    """The replacement then reserves ended units as any other device does, and an update chooses others for it."""
    keyring = keyring_of(tmp_path)
    failed, other = (Udi(pid="SW-48", serial=f"F{n}") for n in range(2))
    with unit_of() as unit:
        add_licences(unit, tmp_path)
        rows = f"{POOL},ESSENTIALS,2,term,2026-01-01,2026-01-31\n{POOL},ESSENTIALS,4,perpetual,,\n"
        orders = tmp_path / "terms.csv"
        orders.write_text(f"virtual_account,tag,quantity,type,start,end\n{rows}", "utf-8")
        import_orders(unit, DOMAIN, orders)
        term = [WantedLicence("ESSENTIALS", 2, terms=(("2026-01-31", 2),))]
        code = make_request_code(failed, b"1" * SECRET_BYTES)
        of = reservations.create_reservation(unit, keyring, DOMAIN, POOL, code, term).view["id"]
        made = reservations.rehost_reservation(unit, keyring, DOMAIN, of, make_request_code(other, b"2" * SECRET_BYTES))
        new, valid = made.view["id"], [WantedLicence("ESSENTIALS", 1, terms=(("perpetual", 1),))]
        with pytest.raises(OwedUnitsError):
            reservations.update_reservation(unit, keyring, DOMAIN, new, valid)
        unit.now += timedelta(days=60)
        expire_lots(unit)
        if chosen_again:
            reservations.update_reservation(unit, keyring, DOMAIN, of, valid)
        reservations.return_reservation(unit, DOMAIN, of, make_return_code(b"1" * SECRET_BYTES))
        unit.session.flush()

        def free() -> int:
            return list_licences(unit, DOMAIN)[0]["balance"]

        assert free() == 2
        reservations.update_reservation(unit, keyring, DOMAIN, new, valid)
        assert free() == 3
        assert verify(unit, owed_units(unit)) == []
        expire_lots(unit)
        assert [one["reserved"] for one in list_licences(unit, DOMAIN)] == [1]


@pytest.mark.row("C1.2", "C6.7")
def test_what_was_released_waits_for_its_return_code_beyond_its_virtual_account(tmp_path: Path) -> None:
    """The virtual account is emptied and deleted: the default one shows the reservation, counts it, and takes the code."""
    keyring = keyring_of(tmp_path)
    secret = b"1" * SECRET_BYTES
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        code = make_request_code(Udi(pid="SW-48", serial="SN1"), secret)
        of = reservations.create_reservation(unit, keyring, DOMAIN, POOL, code, WANTED).view["id"]
        reservations.release_reservation(unit, DOMAIN, of, "the device burnt")
        account = by_domain(unit, DOMAIN)
        default = default_virtual_account(unit, account.id)
        transfer_licences(unit, virtual_account(unit, account.id, POOL), default, "ADVANTAGE", 3)
        delete_virtual_account(unit, DOMAIN, POOL)
        unit.session.flush()
        unit.session.expire_all()

        assert [row.id for row in outstanding(unit, account.id, default.id)] == [of]
        assert reservations.show_reservation(unit, DOMAIN, of)["virtual_account"] == default.name
        assert reservations.return_reservation(unit, DOMAIN, of, make_return_code(secret))["state"] == "returned"
        assert outstanding(unit, account.id) == []
