"""Licences that a device brings: said by the vendor, added once, to the inventory of its virtual account."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.accounts import accept_agreement, create_account
from central.actions.adding import add_licences, include_licences, judge_licences, list_additions
from central.actions.catalogue import import_catalogue
from central.actions.event_log import list_events
from central.actions.instances import remove_instance
from central.actions.licences import list_licences, list_lots
from central.actions.users import give_role
from central.domain.access.errors import NotPermittedError
from central.domain.access.services import actor_of
from central.domain.adding.errors import (
    AddedElsewhereError,
    AlreadyAddedError,
    LicenceNamedTwiceError,
    TooManyToAddError,
    UnknownProductError,
)
from central.keyring import KeyRing
from serverkit.actor import OPERATOR
from serverkit.db.paging import Slice
from tests.unit.central.factories import DOMAIN, POOL, add_instance, unit_of

CATALOGUE = """kind,tag,name,family
entitlement,ADVANTAGE,Advantage,Switching
entitlement,ESSENTIALS,Essentials,Switching
product,SW-48,Switch,
"""


@pytest.mark.row("C7.4", "C3.4")
def test_what_a_device_brings_becomes_stock_of_its_virtual_account_once(tmp_path: Path) -> None:
    """All or none; the lot says from which device; a device that was removed and registers again brings nothing twice."""
    catalogue = tmp_path / "catalogue.csv"
    catalogue.write_text(CATALOGUE, "utf-8")
    with unit_of() as unit:
        import_catalogue(unit, catalogue)
        row = add_instance(unit, "SN1", "core-1")
        pid = row.udi["pid"]
        with pytest.raises(UnknownProductError):
            include_licences(unit, "NONE", {"Advantage": 1})
        include_licences(unit, pid, {"Advantage": 2, "ESSENTIALS": 1})
        assert [(one["name"], one["available"]) for one in list_additions(unit, DOMAIN, row.id)] == [
            ("Advantage", 2),
            ("Essentials", 1),
        ]
        give_role(unit, "vic", "virtual_account_user", DOMAIN, POOL)
        give_role(unit, "eve", "virtual_account_user", DOMAIN, "DEFAULT")
        unit.session.flush()
        unit.actor = actor_of(unit, "vic")
        with pytest.raises(NotPermittedError):
            include_licences(unit, pid, {"Advantage": 9})
        with pytest.raises(TooManyToAddError):
            add_licences(unit, DOMAIN, row.id, {"ADVANTAGE": 1, "ESSENTIALS": 2})
        assert list_licences(unit, DOMAIN) == []
        add_licences(unit, DOMAIN, row.id, {"Advantage": 1, "ESSENTIALS": 0})
        unit.actor = OPERATOR
        assert [(one["name"], one["purchased"]) for one in list_licences(unit, DOMAIN, [POOL])] == [("Advantage", 1)]
        [lot] = list_lots(unit, DOMAIN, [POOL])
        assert (lot.licence_type, lot.end, lot.order_number) == ("perpetual", None, None)
        with pytest.raises(AlreadyAddedError):
            add_licences(unit, DOMAIN, row.id, {"ADVANTAGE": 1})
        message = list_events(unit, DOMAIN, None, Slice(1)).items[0]["message"]
        assert message == "core-1 in Site: 1 of Advantage added to the inventory"
        remove_instance(unit, KeyRing(tmp_path), DOMAIN, row.id)
        again = add_instance(unit, "SN1", "core-1")
        assert [(one["name"], one["added"]) for one in list_additions(unit, DOMAIN, again.id)] == [
            ("Advantage", True),
            ("Essentials", False),
        ]


@pytest.mark.row("C7.4")
def test_a_device_that_registers_in_another_account_brings_nothing_there(tmp_path: Path) -> None:
    """PID and serial number decide, in any case and with or without a UUID; the refusal and the list name no other account."""
    catalogue = tmp_path / "catalogue.csv"
    catalogue.write_text(CATALOGUE, "utf-8")
    with unit_of() as unit:
        import_catalogue(unit, catalogue)
        row = add_instance(unit, "SN1")
        include_licences(unit, row.udi["pid"], {"Advantage": 2, "ESSENTIALS": 1})
        add_licences(unit, DOMAIN, row.id, {"Advantage": 1})
        create_account(unit, "other.example", "Other", export_allowed=False)
        accept_agreement(unit, "other.example")
        there = add_instance(unit, "sn1", domain="other.example", pool="DEFAULT")
        listed = list_additions(unit, "other.example", there.id)
        with pytest.raises(AddedElsewhereError) as refused:
            add_licences(unit, "other.example", there.id, {"Advantage": 1, "ESSENTIALS": 1})
        assert [(one["name"], one["available"], one["elsewhere"]) for one in listed] == [
            ("Advantage", 0, True),
            ("Essentials", 1, False),
        ]
        assert not any(word in str(refused.value) for word in (DOMAIN, "Customer"))
        assert list_licences(unit, "other.example") == []


@pytest.mark.row("C7.4")
@pytest.mark.parametrize("other", ["ADVANTAGE", "Advantage"])
def test_a_licence_that_is_named_twice_is_refused(tmp_path: Path, other: str) -> None:
    """By the same text, or by tag and name: neither quantity takes the place of the other, and nothing changes."""
    catalogue = tmp_path / "catalogue.csv"
    catalogue.write_text(CATALOGUE, "utf-8")
    with unit_of() as unit:
        import_catalogue(unit, catalogue)
        row = add_instance(unit, "SN1")
        include_licences(unit, row.udi["pid"], {"Advantage": 5})
        twice = [("ADVANTAGE", 2), (other, 1)]
        for refused in (
            lambda: include_licences(unit, row.udi["pid"], twice),
            lambda: judge_licences(unit, DOMAIN, row.id, twice),
            lambda: add_licences(unit, DOMAIN, row.id, twice),
        ):
            with pytest.raises(LicenceNamedTwiceError):
                refused()
        assert [one["available"] for one in list_additions(unit, DOMAIN, row.id)] == [5]
