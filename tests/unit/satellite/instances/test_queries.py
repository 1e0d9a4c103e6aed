"""What is asked of all product instances of a site at once."""

from __future__ import annotations

import pytest

from exchange.identity import Udi
from satellite.core.instances.models import Standby
from satellite.core.instances.queries import ASKED_TOGETHER, shown_whatever_uuid
from tests.unit.satellite.factories import add_instance, add_virtual_account, unit_of


@pytest.mark.row("S4.1")
def test_identities_that_are_here_whatever_their_uuid_are_found_for_a_whole_group() -> None:
    """By themselves or in a set, however many are asked for; what was removed or never came is not found."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        udis = [Udi(pid="SW-48", serial=f"SN{number:02}") for number in range(ASKED_TOGETHER + 5)]
        alone, gone, bare, *_, last = (add_instance(unit, site, udi.serial) for udi in udis[:3] + udis[-1:])
        for row in (alone, gone, last):
            row.udi_key += "0" * 32
        gone.removed = True
        unit.session.add(Standby(instance_id=bare.id, udi_key=udis[3].plain_key + "1" * 32))
        unit.session.flush()

        found = shown_whatever_uuid(unit, {udi.plain_key for udi in udis})

        assert found == {udis[at].plain_key for at in (0, 2, 3, -1)}
        assert shown_whatever_uuid(unit, ()) == set()
