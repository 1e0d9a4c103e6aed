"""Product instances of central as people and programs use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions import instances
from central.actions.event_log import list_events
from central.actions.users import give_role
from central.actions.virtual_accounts import create_virtual_account
from central.domain.accounts.errors import UnknownVirtualAccountError
from central.domain.instances.errors import UnknownInstanceError
from central.keyring import KeyRing
from serverkit.actor import Actor, ActorKind
from serverkit.db.paging import Slice
from tests.unit.central.factories import DOMAIN, POOL, add_instance, unit_of


@pytest.mark.row("C7.2", "C7.3")
def test_an_instance_is_listed_transferred_and_removed(tmp_path: Path) -> None:
    """Each change is seen in the lists at once and writes its event."""
    with unit_of() as unit:
        row = add_instance(unit, "SN1", "core-1")
        create_virtual_account(unit, DOMAIN, "Spare")

        assert [one["name"] for one in instances.list_instances(unit, DOMAIN, POOL)] == ["core-1"]
        with pytest.raises(UnknownVirtualAccountError):
            instances.transfer_instance(unit, DOMAIN, row.id, "Cellar")
        assert instances.transfer_instance(unit, DOMAIN, row.id, "Spare") == {"id": row.id, "virtual_account": "Spare"}
        assert instances.list_instances(unit, DOMAIN, POOL) == []
        assert instances.show_instance(unit, DOMAIN, row.id)["virtual_account"] == "Spare"
        removed = instances.remove_instance(unit, KeyRing(tmp_path), DOMAIN, row.id)
        assert removed == {"id": row.id, "removed": True, "released": []}
        with pytest.raises(UnknownInstanceError):
            instances.show_instance(unit, DOMAIN, row.id)
        newest = [one["message"] for one in list_events(unit, DOMAIN, None, Slice(2)).items]
        assert newest[0].startswith("product instance core-1")
        assert "transferred from Site to Spare" in newest[1]


@pytest.mark.row("C7.1")
def test_a_page_begins_after_the_last_instance_of_the_one_before() -> None:
    """The next page holds what follows an id, and not more than was asked for."""
    with unit_of() as unit:
        rows = [add_instance(unit, f"SN{number}") for number in range(4)]

        page = instances.list_instances_after(unit, DOMAIN, None, after=rows[0].id, most=2)

        assert [one["id"] for one in page] == [rows[1].id, rows[2].id]


@pytest.mark.row("C7.1")
def test_an_identity_finds_the_instance_that_it_means() -> None:
    """By product and serial number exactly; a part of an identity finds what it may mean."""
    with unit_of() as unit:
        row = add_instance(unit, "SN1", "core-1")
        add_instance(unit, "SN2", "core-2")

        def found(**identity: str) -> list[str]:
            return [one.id for one in instances.candidates(unit, DOMAIN, POOL, identity)]

        assert found(pid="SW-48", serial="SN1") == [row.id]
        assert found(pid="SW-48", serial="SN9") == []
        assert row.id in found(serial="SN1")
        both = instances.identify_instances(unit, DOMAIN, [POOL])
        assert len(both) == 2
        assert {use.short for use in instances.uses_of(unit, DOMAIN, both).values()} == {False}


@pytest.mark.row("C1.6")
def test_who_sees_another_virtual_account_learns_of_no_instance_of_this_one(tmp_path: Path) -> None:
    """One that exists is as unknown as one that does not, and stays as it is."""
    with unit_of() as unit:
        row = add_instance(unit, "SN1", "core-1")
        create_virtual_account(unit, DOMAIN, "Spare")
        user = give_role(unit, "ann", "virtual_account_administrator", DOMAIN, "Spare")
        owner, unit.actor = unit.actor, Actor(ActorKind.USER, user["id"], "ann", None)

        assert instances.list_instances(unit, DOMAIN) == []
        for of in (row.id, "0" * 32):
            with pytest.raises(UnknownInstanceError):
                instances.show_instance(unit, DOMAIN, of)
            with pytest.raises(UnknownInstanceError):
                instances.transfer_instance(unit, DOMAIN, of, "Spare")
            with pytest.raises(UnknownInstanceError):
                instances.remove_instance(unit, KeyRing(tmp_path), DOMAIN, of)
        unit.actor = owner
        assert instances.show_instance(unit, DOMAIN, row.id)["virtual_account"] == POOL
