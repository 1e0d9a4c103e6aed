"""The console's list of product instances."""

from __future__ import annotations

import pytest

from satellite.actions.instance_list import list_instances
from satellite.core.licences.services import replace_claims
from serverkit.db.windows import Part
from tests.unit.satellite.factories import add_allotment, add_grant, add_instance, add_virtual_account, unit_of


@pytest.mark.row("S3.2", "C7.1")
def test_each_device_says_whether_all_that_it_uses_is_there_and_is_found_by_it() -> None:
    """What a row says of compliance is what the filter finds; the shortage of another pool of the same licence is not its own."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")
        add_allotment(unit, site, "ADVANTAGE", 5)
        add_allotment(unit, site, "PREMIER", 1)
        enough, partly, elsewhere, holder, _idle = (
            add_instance(unit, place, f"SN{number}", name)
            for number, (place, name) in enumerate(
                [(site, "enough"), (site, "partly"), (spare, "elsewhere"), (site, "holder"), (site, "idle")]
            )
        )
        replace_claims(unit, enough.id, site.id, {"ADVANTAGE": 2})
        replace_claims(unit, partly.id, site.id, {"ADVANTAGE": 1, "PREMIER": 2})
        replace_claims(unit, elsewhere.id, spare.id, {"ADVANTAGE": 1})
        add_grant(unit, holder)
        unit.session.flush()

        said = {one["name"]: one["compliance"] for one in list_instances(unit).items}
        found = {
            wanted: [one["name"] for one in list_instances(unit, Part(filters={"compliance": wanted})).items]
            for wanted in ("out_of_compliance", "in_compliance", "none")
        }

        assert found == {
            "out_of_compliance": ["elsewhere", "partly"],
            "in_compliance": ["enough", "holder"],
            "none": ["idle"],
        }
        assert said == {name: None if of == "none" else of for of, names in found.items() for name in names}
