"""Satellites of an account as people and programs use them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from central.actions import satellites
from central.actions.accounts import create_account
from central.domain.access.errors import NotPermittedError
from central.domain.accounts.errors import UnknownAccountError
from central.domain.event_log.models import Event
from central.domain.ledger.claims import replace_claims
from exchange.errors import ExchangeError
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.errors import AppError, FileUnreadableError
from tests.unit.central.factories import (
    DOMAIN,
    NOBODY,
    POOL,
    add_instance,
    add_licences,
    add_satellite,
    keyring_of,
    unit_of,
)


def names(unit: Unit) -> list[str]:
    """The satellites that the account shows."""
    unit.session.flush()
    return [one["name"] for one in satellites.list_satellites(unit, DOMAIN) if one["state"] != "removed"]


@pytest.mark.row("C11.3")
def test_a_satellite_is_renamed_extended_and_removed() -> None:
    """A name that stands is refused and changes nothing; what is gone is unknown."""
    with unit_of() as unit:
        add_satellite(unit, "North")
        add_satellite(unit, "South")
        with pytest.raises(AppError), unit.savepoint():
            satellites.rename_satellite(unit, DOMAIN, "North", "South")
        assert names(unit) == ["North", "South"]
        assert satellites.rename_satellite(unit, DOMAIN, "North", "East")["name"] == "East"
        assert satellites.extend_satellite(unit, DOMAIN, "East", POOL)["revoked_tokens"] == []
        with pytest.raises(AppError):
            satellites.extend_satellite(unit, DOMAIN, "South", POOL)
        assert satellites.remove_satellite(unit, DOMAIN, "East")["removed"] is True
        assert names(unit) == ["South"]
        with pytest.raises(AppError):
            satellites.show_satellite(unit, DOMAIN, "East")


@pytest.mark.row("C11.3", "C7.8")
def test_a_removal_names_the_detached_devices_that_go_on(tmp_path: Path) -> None:
    """Central counts what they use as free: preview, answer and log say who uses how much, and until when."""
    with unit_of() as unit:
        add_licences(unit, tmp_path)
        north = add_satellite(unit, "North")
        satellites.extend_satellite(unit, DOMAIN, "North", POOL)
        for serial, days in (("SN1", 30), ("SN2", -1), ("SN3", None)):
            row = add_instance(unit, serial)
            row.satellite_id = north.id
            if days is not None:
                row.detached_until, row.detached_term = unit.now + timedelta(days=days), serial.encode().hex() * 4
            replace_claims(unit, row.account_id, row.id, row.virtual_account_id, {"ADVANTAGE": 2})
        unit.session.flush()
        judged = satellites.judge_removal(unit, DOMAIN, "North")
        removed = satellites.remove_satellite(unit, DOMAIN, "North")
        unit.session.flush()
        said = [one.message for one in unit.session.scalars(select(Event)) if "detached" in one.message]

        assert removed["detached"] == judged["detached"]
        (one,) = removed["detached"]
        assert (one["virtual_account"], one["uses"]) == (POOL, {"ADVANTAGE": 2})
        assert one["detached_until"] == iso(unit.now + timedelta(days=30))
        assert len(said) == 1
        assert f"removed from {POOL} with satellite North; it is detached and uses 2 of Advantage until " in said[0]


@pytest.mark.row("C11.1")
def test_a_file_that_is_no_registration_adds_no_satellite(tmp_path: Path) -> None:
    """Neither does one that cannot be read."""
    keyring, wrong = keyring_of(tmp_path), tmp_path / "registration"
    wrong.write_bytes(b"no registration")
    with unit_of() as unit:
        with pytest.raises(ExchangeError):
            satellites.add_satellite(unit, keyring, DOMAIN, "North", [POOL], wrong)
        with pytest.raises(FileUnreadableError):
            satellites.add_satellite(unit, keyring, DOMAIN, "North", [POOL], tmp_path / "missing")
        assert names(unit) == []


@pytest.mark.row("C11.1", "C1.6")
def test_a_user_without_a_role_sees_no_satellite_and_one_without_need_of_approval_is_not_approved() -> None:
    """Satellites of another account are unknown here."""
    with unit_of() as unit:
        add_satellite(unit, "North")
        create_account(unit, "other.example", "Other", export_allowed=False)
        with pytest.raises(AppError):
            satellites.approve_satellite(unit, DOMAIN, "North")
        with pytest.raises(AppError):
            satellites.remove_satellite(unit, "other.example", "North")
        unit.actor = NOBODY
        for refused in (satellites.show_satellite, satellites.remove_satellite):
            with pytest.raises((UnknownAccountError, NotPermittedError)):
                refused(unit, DOMAIN, "North")
