"""The steps to a new satellite: what was entered is kept for each person, and judged again at the end."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from central.actions import new_satellite as actions
from central.actions.tokens import create_token
from central.actions.virtual_accounts import create_virtual_account, list_places
from central.domain.access.errors import NotPermittedError
from central.domain.accounts.errors import DefaultVirtualAccountError, UnknownAccountError
from central.domain.accounts.queries import by_number
from central.domain.satellites.errors import (
    NoDraftError,
    NotComparedError,
    NoVirtualAccountError,
    SatelliteExistsError,
    VirtualAccountInUseError,
)
from central.keyring import KeyRing
from exchange.errors import ExchangeError
from exchange.files.registration import Registration, make_registration
from exchange.keys import PrivateKey
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from tests.unit.central.factories import DOMAIN, NOBODY, NOW, POOL, add_satellite, keyring_of, unit_of


def registration(keyring: KeyRing, satellite: str = "a" * 32) -> io.BytesIO:
    """The registration file of a machine."""
    key, ca_key, root = PrivateKey.generate(), PrivateKey.generate(), keyring.trust.root
    names = (satellite, "North", root.vendor_id, root.version, NOW, "1.0", "north.example")
    return io.BytesIO(
        make_registration(Registration(*names, key.public, ca_key.public, "b" * 32, lab=True), key, ca_key)
    )


def number_of(unit: Unit, name: str) -> str:
    """The number of a virtual account."""
    return next(str(one["number"]) for one in list_places(unit, DOMAIN) if one["name"] == name)


@pytest.mark.row("C11.1")
def test_a_satellite_is_added_step_by_step_and_each_step_says_what_is_missing(tmp_path: Path) -> None:
    """File, key and name, virtual accounts with their reasons, request; the draft is gone then, and each person has an own one."""
    keyring = keyring_of(tmp_path)
    with unit_of() as unit:
        with pytest.raises(NoDraftError):
            actions.request_authorization(unit, keyring, DOMAIN)
        with pytest.raises(ExchangeError):
            actions.take_registration(unit, keyring, DOMAIN, io.BytesIO(b"no file"))
        assert actions.show_draft(unit, keyring, DOMAIN) is None
        found = actions.take_registration(unit, keyring, DOMAIN, registration(keyring))
        assert (found["own_name"], found["host"], found["compared"], found["chosen"]) == (
            "North",
            "north.example",
            False,
            [],
        )

        add_satellite(unit, "South")
        for name, email, compared, error in (
            ("South", None, True, SatelliteExistsError),
            ("North", "no address", True, AppError),
            ("North", None, False, NotComparedError),
        ):
            with pytest.raises(error):
                actions.name_satellite(unit, keyring, DOMAIN, name, email, compared=compared)
        with pytest.raises(NotComparedError):
            actions.request_authorization(unit, keyring, DOMAIN)
        actions.name_satellite(unit, keyring, DOMAIN, "North 1", "team@customer.example", compared=True)

        create_token(unit, keyring.box, DOMAIN, POOL, days=9, uses=None, export_controlled=False, description="")
        unit.session.flush()
        by_name = {one["name"]: one for one in actions.list_candidates(unit, keyring, DOMAIN)}
        assert (by_name[POOL]["reason"], by_name[POOL]["tokens"]) == (None, 1)
        default = next(one for one in by_name.values() if one["name"] != POOL)
        assert isinstance(default["reason"], DefaultVirtualAccountError)
        with pytest.raises(NoVirtualAccountError):
            actions.choose_virtual_accounts(unit, keyring, DOMAIN, ["999"])
        with pytest.raises(DefaultVirtualAccountError):
            actions.choose_virtual_accounts(unit, keyring, DOMAIN, [default["number"], number_of(unit, POOL)])
        actions.choose_virtual_accounts(unit, keyring, DOMAIN, [number_of(unit, POOL)])
        made = create_virtual_account(unit, DOMAIN, "Further")
        actions.choose_too(unit, DOMAIN, made["id"])
        unit.session.flush()
        shown = actions.show_draft(unit, keyring, DOMAIN)
        assert shown is not None
        assert [one["name"] for one in shown["chosen"]] == ["Further", POOL]

        unit.actor = NOBODY
        with pytest.raises((NotPermittedError, UnknownAccountError)):
            actions.show_draft(unit, keyring, DOMAIN)


@pytest.mark.row("C11.1")
def test_what_was_taken_meanwhile_is_refused_at_the_end_and_a_registered_machine_at_once(tmp_path: Path) -> None:
    """Another person gave the virtual account away; after the request the same machine is known."""
    keyring = keyring_of(tmp_path)
    with unit_of() as unit:
        file = registration(keyring)
        actions.take_registration(unit, keyring, DOMAIN, file)
        actions.name_satellite(unit, keyring, DOMAIN, "North", None, compared=True)
        actions.choose_virtual_accounts(unit, keyring, DOMAIN, [number_of(unit, POOL)])
        other = add_satellite(unit, "South")
        place = next(one for one in list_places(unit, DOMAIN) if one["name"] == POOL)
        row = by_number(unit, other.account_id, str(place["number"]))
        row.satellite_id = other.id
        unit.session.flush()
        shown = actions.show_draft(unit, keyring, DOMAIN)
        assert shown is not None
        assert isinstance(shown["chosen"][0]["reason"], VirtualAccountInUseError)
        with pytest.raises(VirtualAccountInUseError), unit.savepoint():
            actions.request_authorization(unit, keyring, DOMAIN)
        row.satellite_id = None
        unit.session.flush()
        made = actions.request_authorization(unit, keyring, DOMAIN)
        assert (made["id"], made["revoked_tokens"]) == ("a" * 32, [])
        assert actions.show_draft(unit, keyring, DOMAIN) is None
        file.seek(0)
        with pytest.raises(SatelliteExistsError):
            actions.take_registration(unit, keyring, DOMAIN, file)
        actions.drop_new_satellite(unit, DOMAIN)
