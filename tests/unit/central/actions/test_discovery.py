"""What programs find that do not know where something is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from central.actions.accounts import create_account, list_own_accounts, search_accounts
from central.actions.discovery import find_account_of, find_instances, name_licences, name_places
from central.actions.orders import import_orders
from central.domain.access.rules import Role
from central.domain.access.services import add_user
from central.domain.accounts.errors import UnknownAccountError
from central.domain.accounts.queries import by_domain, virtual_account
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit
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


def statements(unit: Unit, look: Callable[[Unit], object]) -> int:
    """How many statements a look takes."""
    seen: list[str] = []

    def note(*words: Any) -> None:
        seen.append(words[2])

    engine = unit.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    look(unit)
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.row("C1.1", "C7.1")
def test_all_accounts_are_looked_through_with_the_statements_of_one() -> None:
    """Devices by identity, accounts with their virtual accounts, the caller's roles; each only where the caller may look."""
    looks: tuple[Callable[[Unit], object], ...] = (
        lambda unit: find_instances(unit, {"serial": "SN1"}),
        lambda unit: find_instances(unit, {"pid": "SW-48", "serial": "SN1"}),
        search_accounts,
        list_own_accounts,
    )
    with unit_of() as unit:
        account = by_domain(unit, DOMAIN)
        user, _role = add_user(
            unit, "vic", Role.VIRTUAL_ACCOUNT_USER, account.id, virtual_account(unit, account.id, POOL).id
        )
        add_instance(unit, "SN1")
        one = [statements(unit, look) for look in looks]
        for name in ("other", "third"):
            create_account(unit, f"{name}.example", name, export_allowed=False)
            add_instance(unit, "SN1", domain=f"{name}.example", pool="DEFAULT")
        add_instance(unit, "SN1b", pool="DEFAULT")
        many = [statements(unit, look) for look in looks]
        found = [row.account["domain"] for row in find_instances(unit, {"serial": "SN1"})]
        unit.actor = Actor(ActorKind.USER, user.id, "vic", None)
        own = find_instances(unit, {"serial": "SN1"})
        [seen], [held] = search_accounts(unit), list_own_accounts(unit)

    assert many == one
    assert found == [DOMAIN, DOMAIN, "other.example", "third.example"]
    assert [row.account["virtual_account_name"] for row in own] == [POOL]
    assert [row["name"] for row in seen["virtual_accounts"]] == [POOL]
    assert held["roles"] == [{"role": Role.VIRTUAL_ACCOUNT_USER, "virtual_account": POOL}]
