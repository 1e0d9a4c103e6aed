"""Upgrades: pending until the licences that they replace are named, by the ratio of the order line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central.actions.catalogue import import_catalogue
from central.actions.event_log import list_events, list_transactions
from central.actions.licence_tags import list_licence_tags, tag_licences
from central.actions.licences import list_licences, verify_ledger
from central.actions.orders import import_orders
from central.actions.transfers import Line, preview_transfer, transfer_lines
from central.actions.upgrades import complete_upgrade, list_upgrades, preview_upgrade
from central.actions.virtual_accounts import create_virtual_account, judge_deletion
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.ledger.claims import ClaimSpec, set_claims
from central.domain.ledger.models import Lot
from central.domain.ledger.services import expire_lots
from central.domain.upgrades.errors import (
    NoUpgradePendingError,
    UnknownUpgradeOptionError,
    UpgradeChangedError,
    UpgradeRatioError,
    UpgradeTooLargeError,
)
from serverkit.db.paging import Slice
from serverkit.db.unit import Unit
from serverkit.table_file import FaultyRowsError
from tests.unit.central.factories import DOMAIN, POOL, add_instance, add_licences, unit_of

HEAD = "virtual_account,tag,quantity,type,start,end,billing,order_number,order_line,sku,replaces\n"
ORDERS = f"""{HEAD}{POOL},ADVANTAGE,10,,,,,O-1,1,,
{POOL},ADVANTAGE,4,term,2025-06-01,2026-06-30,,O-1,2,,
{POOL},ADVANTAGE,3,demo,,,,O-1,3,,
{POOL},ESSENTIALS,3,,,,,O-1,4,,
{POOL},PREMIER,6,,,,,O-2,1,UP-1,ADVANTAGE=1:2;ESSENTIALS=1:1
Spare,PREMIER,4,term,2025-06-01,2026-06-30,,O-2,2,UP-2,ADVANTAGE=2:1
"""


@contextmanager
def stock(folder: Path) -> Iterator[Unit]:
    """Two virtual accounts with pending upgrades; one of them holds what they replace."""
    with unit_of() as unit:
        orders = add_licences(unit, folder)
        more = folder / "more.csv"
        more.write_text("kind,tag,name\nentitlement,PREMIER,Premier\n", "utf-8")
        import_catalogue(unit, more)
        create_virtual_account(unit, DOMAIN, "Spare")
        orders.write_text(ORDERS, "utf-8")
        import_orders(unit, DOMAIN, orders)
        yield unit


def row(unit: Unit, place: str, tag: str) -> dict[str, Any]:
    """A row of the table of licences."""
    return next(one for one in list_licences(unit, DOMAIN, [place]) if one["tag"] == tag)


@pytest.mark.row("C5.1", "C3.1", "C3.10")
def test_an_upgrade_waits_until_what_it_replaces_is_named(tmp_path: Path) -> None:
    """Pending units are no stock; the options follow the ratio; what is replaced leaves, what ends first before the rest."""
    with stock(tmp_path) as unit:
        assert (row(unit, POOL, "PREMIER")["purchased"], row(unit, POOL, "PREMIER")["pending"]) == (0, 6)
        assert [(one["virtual_account"], one["pending"]) for one in list_upgrades(unit, DOMAIN)] == [
            (POOL, 6),
            ("Spare", 4),
        ]
        assert preview_transfer(unit, DOMAIN, [Line("Spare", 1, POOL, "PREMIER")])["refused"] == 1
        assert not judge_deletion(unit, DOMAIN, "Spare").allowed

        seen = preview_upgrade(unit, DOMAIN, POOL, "Premier")
        assert (seen["pending"], seen["most"], seen["quantity"]) == (6, 6, 6)
        assert [(one["option"], one["needed"], one["available"], one["code"]) for one in seen["options"]] == [
            ("ADVANTAGE=1:2", 12, 14, None),
            ("ESSENTIALS=1:1", 6, 3, "upgrade_too_large"),
        ]
        done = complete_upgrade(unit, DOMAIN, POOL, "PREMIER", 3, "ADVANTAGE=1:2", seen["state"])
        assert (done["quantity"], done["replaced_quantity"]) == (3, 6)
        premier, advantage = row(unit, POOL, "PREMIER"), row(unit, POOL, "ADVANTAGE")
        assert (premier["purchased"], premier["pending"]) == (3, 3)
        assert sorted((one["type"], one["quantity"]) for one in advantage["terms"]) == [("demo", 3), ("perpetual", 8)]
        lines = list_transactions(unit, DOMAIN, None, Slice(20)).items
        added = [(one["count"], one["tag"], one["action"]) for one in lines if one["source"] == "upgrade completed"]
        assert sorted(added) == [(-4, "ADVANTAGE", "removed"), (-2, "ADVANTAGE", "removed"), (3, "PREMIER", "added")]
        kinds = [one["kind"] for one in list_events(unit, DOMAIN, POOL, Slice(20)).items]
        assert (kinds.count("licences:upgrade_completed"), kinds.count("licences:upgrade_added")) == (1, 1)
        assert verify_ledger(unit)["ok"]


@pytest.mark.row("C5.1")
def test_an_upgrade_that_does_not_fit_or_is_out_of_date_changes_nothing(tmp_path: Path) -> None:
    """Too few, the ratio, no option, nothing pending, changed since the preview: each its own code, nothing moves."""
    with stock(tmp_path) as unit:
        account = by_domain(unit, DOMAIN)

        def refused(
            error: type[Exception], place: str, quantity: int, option: str | None, state: str | None = None
        ) -> None:
            with pytest.raises(error):
                complete_upgrade(unit, DOMAIN, place, "PREMIER", quantity, option, state)

        refused(UpgradeTooLargeError, POOL, 7, "ADVANTAGE=1:2")
        refused(UnknownUpgradeOptionError, POOL, 1, None)
        refused(UnknownUpgradeOptionError, POOL, 1, "ADVANTAGE=1:1")
        refused(UpgradeTooLargeError, "Spare", 2, None)
        refused(UpgradeRatioError, "Spare", 3, None)
        refused(NoUpgradePendingError, "DEFAULT", 1, None)
        state = preview_upgrade(unit, DOMAIN, POOL, "PREMIER", 6)["state"]
        device = add_instance(unit, "S1")
        place = virtual_account(unit, account.id, POOL).id
        set_claims(unit, account.id, [ClaimSpec(device.id, place, "ADVANTAGE", 6, unit.now)])
        refused(UpgradeChangedError, POOL, 1, "ADVANTAGE=1:2", state)
        refused(UpgradeTooLargeError, POOL, 6, "ADVANTAGE=1:2")
        seen = preview_upgrade(unit, DOMAIN, POOL, "PREMIER", 6)
        assert (seen["most"], seen["options"][0]["available"]) == (5, 11)
        transfer_lines(unit, DOMAIN, [Line("Spare", 2, POOL, "ADVANTAGE")])
        assert complete_upgrade(unit, DOMAIN, "Spare", "PREMIER", 4)["replaced_quantity"] == 2
        assert row(unit, "Spare", "PREMIER")["purchased"] == 4
        unit.now += timedelta(days=200)
        assert expire_lots(unit) > 0
        assert verify_ledger(unit)["ok"]


@pytest.mark.row("C5.1", "C3.3")
def test_a_pending_term_that_ends_is_no_upgrade_any_more(tmp_path: Path) -> None:
    """It expires like any term, and nothing waits for it."""
    with stock(tmp_path) as unit:
        unit.now += timedelta(days=200)
        with pytest.raises(NoUpgradePendingError):
            preview_upgrade(unit, DOMAIN, "Spare", "PREMIER")
        expire_lots(unit)
        assert [one["virtual_account"] for one in list_upgrades(unit, DOMAIN)] == [POOL]
        assert verify_ledger(unit)["ok"]


@pytest.mark.row("C5.1", "C3.4")
@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("PREMIER,1,,,,,,,,ADVANTAGE", "invalid_upgrade"),
        ("PREMIER,1,,,,,,,,ADVANTAGE=0:1", "invalid_upgrade"),
        ("PREMIER,1,,,,,,,,ADVANTAGE=1:1;ADVANTAGE=1:2", "invalid_upgrade"),
        ("PREMIER,1,,,,,,,,PREMIER=1:1", "invalid_upgrade"),
        ("PREMIER,1,demo,,,,,,,ADVANTAGE=1:1", "invalid_upgrade"),
        ("PREMIER,1,,,,usage,,,,ADVANTAGE=1:1", "invalid_upgrade"),
        ("PREMIER,1,,,,,,,,NOWHERE=1:1", "unknown_entitlement"),
    ],
)
def test_an_order_line_whose_upgrade_cannot_be_is_refused(tmp_path: Path, cells: str, code: str) -> None:
    """The column `replaces`: other forms, itself, licences that are not known, and what is no purchase."""
    with stock(tmp_path) as unit:
        path = tmp_path / "wrong.csv"
        path.write_text(f"{HEAD}{POOL},{cells}\n", "utf-8")
        with pytest.raises(FaultyRowsError) as refused:
            import_orders(unit, DOMAIN, path)
        assert refused.value.code == code


@pytest.mark.row("C5.1", "C3.7")
def test_what_is_replaced_whole_loses_its_tags(tmp_path: Path) -> None:
    """The lot and its licence are gone from the virtual account; a licence of which units stay keeps its tag."""
    with stock(tmp_path) as unit:
        lots = unit.session.scalars(select(Lot.id).where(Lot.tag == "ESSENTIALS")).all()
        tag_licences(unit, DOMAIN, POOL, ["North"], ["ADVANTAGE", "ESSENTIALS"], lots)
        complete_upgrade(unit, DOMAIN, POOL, "PREMIER", 2, "ADVANTAGE=1:2")
        complete_upgrade(unit, DOMAIN, POOL, "PREMIER", 3, "ESSENTIALS=1:1")
        [tag] = list_licence_tags(unit, DOMAIN, POOL)
        assert (tag["licences"], tag["lots"]) == (1, 0)
