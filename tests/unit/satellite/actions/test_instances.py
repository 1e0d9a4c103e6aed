"""Use cases of product instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from satellite.actions import instances
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.event_log.event_kinds import SITE
from satellite.core.instances.errors import RestrictedHeldError, UnknownInstanceError
from satellite.core.licences.services import replace_claims
from serverkit.verdicts import RowVerdict
from tests.unit.satellite.factories import add_grant, add_instance, add_virtual_account, person, unit_of


@pytest.mark.row("S3.2")
def test_an_instance_is_listed_transferred_and_removed() -> None:
    """Each change is seen in the lists at once and has the alerts of the site refreshed."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")
        row = add_instance(unit, site, "SN1", "core-1")

        assert [one["name"] for one in instances.list_instances(unit, "Site")] == ["core-1"]
        assert instances.show_instance(unit, row.id)["virtual_account"] == "Site"
        assert instances.transfer_instance(unit, row.id, "Spare") == {"id": row.id, "virtual_account": "Spare"}
        assert [one.id for one in instances.identify_instances(unit, spare.name)] == [row.id]
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


def shown(verdicts: Sequence[RowVerdict]) -> list[dict[str, Any]]:
    """Verdicts as people see them."""
    return [one.to_dict() for one in verdicts]


@pytest.mark.row("S3.2", "S3.3")
def test_the_verdict_on_an_instance_is_what_then_happens() -> None:
    """Several at once: each is judged for itself, the holder of a restricted unit and what is gone are left as they are."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        add_virtual_account(unit, "Spare")
        rows = [add_instance(unit, site, f"SN{number}", f"core-{number}") for number in range(3)]
        replace_claims(unit, rows[0].id, site.id, {"ADVANTAGE": 2})
        add_grant(unit, rows[1])
        unit.session.flush()
        ids = [*(row.id for row in rows), "0" * 32]

        moving = instances.judge_transfers(unit, ids, "Spare")
        assert [one.verdict.allowed for one in moving] == [True, True, True, False]
        assert moving[0].verdict.effects == ("core-0 goes from Site to Spare with 2 of ADVANTAGE",)
        assert instances.judge_transfers(unit, ids[:1], "Site")[0].verdict.warnings
        assert shown(instances.transfer_instances(unit, ids, "Spare")) == shown(moving)
        assert {one["virtual_account"] for one in instances.list_instances(unit)} == {"Spare"}

        removing = instances.judge_removals(unit, ids)
        assert [one.verdict.allowed for one in removing] == [True, False, True, False]
        assert removing[1].to_dict()["reasons"][0]["code"] == "restricted_licences_held"
        assert "1 of STRONG" in removing[1].verdict.reasons[0].message
        with pytest.raises(RestrictedHeldError):
            instances.remove_instance(unit, ids[1])
        assert shown(instances.remove_instances(unit, ids)) == shown(removing)
        assert [one["name"] for one in instances.list_instances(unit)] == ["core-1"]
