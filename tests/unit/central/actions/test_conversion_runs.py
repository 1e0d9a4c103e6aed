"""Conversion by the settings: what a list assigns, all at once, what fails and its alert; nothing twice."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from central.actions.conversion_files import import_classic, import_contracts
from central.actions.conversion_runs import (
    begin_run,
    change_settings,
    finish_conversions,
    preview_run,
    run_now,
    show_settings,
)
from central.actions.conversions import convert_licences, list_classic
from central.actions.licences import list_licences, verify_ledger
from central.domain.access.errors import NotPermittedError
from central.domain.accounts.queries import by_domain
from central.domain.alerts.services import book, refresh_alerts
from central.domain.conversions import services
from central.domain.conversions.errors import UnknownFamilyError
from central.domain.conversions.models import ClassicSource
from central.domain.conversions.rules import SourceKind
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from tests.unit.central.actions.test_conversions import CONTRACTS, PAK, PAKS, WHOLE_PAK, purchased, stock
from tests.unit.central.factories import DOMAIN, NOBODY, POOL

NONE = b"contract,sku\n"


def raised(unit: Unit) -> set[str]:
    """The kinds of alerts of conversions that are open."""
    account = by_domain(unit, DOMAIN)
    refresh_alerts(unit, account)
    return {one.kind for one in book(account.id).open_ones(unit, every=False) if one.kind.startswith("conversion")}


def states(unit: Unit) -> dict[str, str]:
    """The state of each PAK that is left."""
    return {one["number"]: one["status"] for one in list_classic(unit, DOMAIN, SourceKind.PAK).items}


@pytest.mark.row("C9.4")
def test_what_a_list_assigns_is_converted_by_itself_where_the_settings_say_so(tmp_path: Path) -> None:
    """Off at first; then of the chosen virtual accounts and families only, into the own virtual account, by the job."""
    with stock(tmp_path) as unit:
        assert show_settings(unit, DOMAIN, SourceKind.PAK)["enabled"] is False
        new = b"pak,sku,quantity,virtual_account\nP-5,L-ADV-K9,2,Site\nP-5,L-ESS,1,Site\nP-6,L-ADV-K9,2,Spare\n"
        change_settings(unit, DOMAIN, SourceKind.PAK, enabled=True, virtual_account_names=[POOL], products=["Routing"])
        shown = show_settings(unit, DOMAIN, SourceKind.PAK)
        assert (shown["virtual_accounts"], shown["products"]) == ([POOL], ["Routing"])
        assert import_classic(unit, DOMAIN, SourceKind.PAK, new)["in_progress"] == 1
        assert states(unit) == {PAK: "available", WHOLE_PAK: "available", "P-5": "in_progress", "P-6": "available"}
        assert finish_conversions(unit) == "1 converted, 0 failed"
        assert (purchased(unit, POOL), states(unit)["P-5"]) == ({"ADVANTAGE": 2}, "available")
        assert finish_conversions(unit) == "0 converted, 0 failed"
        with pytest.raises(UnknownFamilyError):
            change_settings(unit, DOMAIN, SourceKind.PAK, products=["Elsewhere"])


@pytest.mark.row("C9.4", "C9.1")
def test_all_at_once_converts_what_the_settings_choose(tmp_path: Path) -> None:
    """Also while automatic conversion is off; a PAK in progress says so; the preview counts what goes."""
    with stock(tmp_path) as unit:
        seen = preview_run(unit, DOMAIN, SourceKind.PAK)
        assert (seen["sources"], seen["quantity"], seen["failing"]) == (2, 11, 0)
        begin_run(unit, DOMAIN, SourceKind.PAK)
        assert set(states(unit).values()) == {"in_progress"}
        assert finish_conversions(unit) == "2 converted, 0 failed"
        assert purchased(unit, POOL) == {"ADVANTAGE": 5, "ESSENTIALS": 3}
        assert purchased(unit, "DEFAULT") == {"ADVANTAGE": 2, "ESSENTIALS": 1}
        assert states(unit) == {WHOLE_PAK: "available"}
        assert run_now(unit, DOMAIN, SourceKind.DEVICE)["converted"] == 1
        unit.actor = NOBODY
        with pytest.raises((NotPermittedError, AppError)):
            begin_run(unit, DOMAIN, SourceKind.PAK)


@pytest.mark.row("C9.4", "C10.4")
def test_a_run_that_fails_raises_an_alert_until_it_is_dismissed_or_succeeds(tmp_path: Path) -> None:
    """A later failure brings back what was dismissed, success clears it."""
    with stock(tmp_path, NONE) as unit:
        assert raised(unit) == set()
        assert run_now(unit, DOMAIN, SourceKind.PAK)["failed"] == 2
        assert states(unit) == {PAK: "failed", WHOLE_PAK: "failed"}
        assert raised(unit) == {"conversion_errors"}
        account = by_domain(unit, DOMAIN)
        [alert] = [one for one in book(account.id).open_ones(unit, every=False) if one.kind == "conversion_errors"]
        book(account.id).dismiss(unit, alert.id)
        assert raised(unit) == set()
        run_now(unit, DOMAIN, SourceKind.PAK)
        assert raised(unit) == {"conversion_errors"}
        import_contracts(unit, DOMAIN, CONTRACTS)
        assert run_now(unit, DOMAIN, SourceKind.PAK)["failed"] == 0
        assert raised(unit) == set()


def left(unit: Unit) -> dict[str, int]:
    """How many units are left in each PAK."""
    return {one["number"]: one["remaining"] for one in list_classic(unit, DOMAIN, SourceKind.PAK).items}


@pytest.mark.row("C9.4")
def test_one_pak_that_fails_takes_no_other_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal in the middle of a conversion, or of the database, is undone by itself, and each has its result."""
    carry_out = services.carry_out

    def breaks(unit: Unit, row: ClassicSource, *more: Any, **named: Any) -> Any:
        done = carry_out(unit, row, *more, **named)
        if row.number == PAK:
            raise faults.pop()
        return done

    monkeypatch.setattr(services, "carry_out", breaks)
    faults: list[Exception] = [UnknownFamilyError(), DBAPIError("INSERT", {}, Exception("constraint"))]
    with stock(tmp_path) as unit:
        before = left(unit)
        for code in ("conversion_failed", "unknown_family"):
            begun = run_now(unit, DOMAIN, SourceKind.PAK)
            assert {one["number"]: one["code"] for one in begun["results"]}[PAK] == code
            assert states(unit)[PAK] == "failed"
            assert left(unit)[PAK] == before[PAK]
        assert raised(unit) == {"conversion_errors"}
        assert run_now(unit, DOMAIN, SourceKind.DEVICE)["failed"] == 0
        assert verify_ledger(unit)["findings"] == []


@pytest.mark.row("C9.2", "C9.4")
def test_any_mix_of_conversions_conserves_the_units(tmp_path: Path) -> None:
    """After each step: units that entered and units that are left are all that there ever were; the ledger adds up."""
    chance = Random(11)
    with stock(tmp_path) as unit:
        for _ in range(25):
            act = chance.choice(["some", "some", "some", "run", "list", "contracts"])
            try:
                if act == "some":
                    wanted = {"L-ADV-K9": chance.randint(0, 3), "L-ESS": chance.randint(0, 2)}
                    convert_licences(unit, DOMAIN, SourceKind.PAK, chance.choice([PAK, WHOLE_PAK]), wanted)
                elif act == "run" and chance.random() < 0.3:
                    run_now(unit, DOMAIN, SourceKind.PAK)
                elif act == "list":
                    import_classic(unit, DOMAIN, SourceKind.PAK, PAKS)
                else:
                    import_contracts(unit, DOMAIN, chance.choice([CONTRACTS, NONE]))
            except AppError:
                continue
            finally:
                unit.session.flush()
                entered = sum(one["purchased"] for one in list_licences(unit, DOMAIN))
                left = sum(one["remaining"] for one in list_classic(unit, DOMAIN, SourceKind.PAK).items)
                assert entered + left == 5 + 3 + 2 + 1 + 7
        assert verify_ledger(unit)["findings"] == []
