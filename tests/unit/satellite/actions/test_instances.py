"""Use cases of product instances."""

from __future__ import annotations

import pytest

from satellite.actions import instances
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.activity.events import SITE
from satellite.core.instances.errors import UnknownInstanceError
from tests.unit.satellite.factories import add_instance, add_virtual_account, person, unit_of


@pytest.mark.row("S3.2")
def test_an_instance_is_listed_transferred_and_removed() -> None:
    """Each change is seen in the lists at once and has the alerts of the site refreshed."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")
        row = add_instance(unit, site, "SN1", "core-1")

        assert [one["name"] for one in instances.list_instances(unit, "Site")] == ["core-1"]
        assert instances.show_instance(unit, row.id)["virtual_account"] == "Site"
        assert instances.transfer_instance(unit, row.id, "Spare") == {"id": row.id, "virtual_account": "Spare"}
        assert [one.id for one in instances.list_instances_of(unit, spare.name)] == [row.id]
        assert SITE in unit.touched
        assert instances.remove_instance(unit, row.id) == {"id": row.id, "removed": True}
        assert instances.list_instances(unit) == []
        with pytest.raises(UnknownInstanceError):
            instances.show_instance(unit, row.id)


@pytest.mark.row("S3.2")
def test_a_page_begins_after_the_last_instance_of_the_one_before() -> None:
    """The next page holds what follows an id, and not more than was asked for."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        rows = [add_instance(unit, site, f"SN{number}") for number in range(5)]

        page = instances.list_instances_after(unit, None, after=rows[1].id, most=2)

        assert [one["id"] for one in page] == [rows[2].id, rows[3].id]


@pytest.mark.row("S3.4")
def test_who_only_reads_changes_no_instance() -> None:
    """A refusal for want of a permission comes before the instance is looked up."""
    with unit_of(person(Role.READ_ONLY)) as unit:
        with pytest.raises(NotPermittedError):
            instances.remove_instance(unit, "0" * 32)
        with pytest.raises(NotPermittedError):
            instances.transfer_instance(unit, "0" * 32, "Nowhere")
