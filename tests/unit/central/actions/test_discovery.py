"""What programs find that do not know where something is."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.discovery import find_account_of, find_instances, name_licences, name_places
from central.actions.orders import import_orders
from central.domain.accounts.errors import UnknownAccountError
from tests.unit.central.factories import DOMAIN, POOL, add_instance, add_licences, unit_of


@pytest.mark.row("C7.1")
def test_devices_are_found_by_each_part_that_names_them_and_by_no_other() -> None:
    """Product id with serial number, one of them alone; a host identifier, which nothing is found by, finds nothing."""
    with unit_of() as unit:
        row = add_instance(unit, "SN1", "core-1")
        add_instance(unit, "SN2", "core-2")
        pid = row.udi["pid"]
        found = find_instances(unit, {"pid": pid.lower(), "serial": "sn1"})
        assert [(one.instance.id, one.account["domain"]) for one in found] == [(row.id, DOMAIN)]
        assert name_places(unit, DOMAIN)[found[0].account["virtual_account_id"]] == POOL
        assert [one.instance.id for one in find_instances(unit, {"serial": "SN1"})] == [row.id]
        assert len(find_instances(unit, {"pid": pid})) == 2
        assert find_instances(unit, {"host_identifier": "core-1"}) == []
        assert find_instances(unit, {"pid": f"{pid} ", "serial": "SN3"}) == []


@pytest.mark.row("C1.1", "C3.1")
def test_accounts_are_found_by_domain_or_number_and_licences_named_as_far_as_they_are_known(tmp_path: Path) -> None:
    """A number that is none, and one that no account has, are refused; an unknown tag has no name."""
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        account = find_account_of(unit, DOMAIN.upper(), None)
        assert find_account_of(unit, "", account.number) == account
        for number in ("1", "-1", "9" * 30, None, "\u0663"):
            with pytest.raises(UnknownAccountError):
                find_account_of(unit, "", number)
        found = name_licences(unit, {"ADVANTAGE", "NO-SUCH"})
        assert found == {"ADVANTAGE": {"name": "Advantage", "restricted": False}}
