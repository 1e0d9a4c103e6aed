"""Satellites of an account as people and programs use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions import satellites
from central.actions.accounts import create_account
from central.domain.access.errors import NotPermittedError
from central.domain.accounts.errors import UnknownAccountError
from exchange.errors import ExchangeError
from serverkit.db.unit import Unit
from serverkit.errors import AppError, FileUnreadableError
from tests.unit.central.factories import DOMAIN, NOBODY, POOL, add_satellite, keyring_of, unit_of


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
