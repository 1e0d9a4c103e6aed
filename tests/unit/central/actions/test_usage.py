"""Measured use as it is listed: by licence and month, for those who may see the virtual account."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from central.actions.orders import import_orders
from central.actions.usage import BILLINGS, InvalidMonthError, list_usage, list_usage_window, measured_use
from central.actions.virtual_accounts import create_virtual_account
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.usage.models import UsageMonth
from exchange.compliance import LotView
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from tests.unit.central.factories import DOMAIN, NOW, POOL, add_licences, add_satellite, unit_of


def booked(unit: Unit, folder: Path) -> str:
    """Two devices and three months of use; the number of the virtual account."""
    add_licences(unit, folder)
    pool = virtual_account(unit, by_domain(unit, DOMAIN).id, POOL)
    for serial, tag, month, count in (
        ("S1", "ADVANTAGE", "2026-10", 2),
        ("S1", "ADVANTAGE", "2026-11", 3),
        ("S2", "ADVANTAGE", "2026-11", 4),
        ("S2", "ESSENTIALS", "2026-11", 1),
    ):
        unit.session.add(
            UsageMonth(
                account_id=pool.account_id,
                instance_id=serial.rjust(32, "0").lower().replace("s", "a"),
                virtual_account_id=pool.id,
                tag=tag,
                month=month,
                udi={"pid": "P", "serial": serial},
                count=count,
                unit_seconds=count * 7200,
                until=NOW - timedelta(days=1),
            )
        )
    unit.session.flush()
    return str(pool.number)


@pytest.mark.row("C3.6")
def test_use_is_added_up_over_devices_by_licence_and_month(tmp_path: Path) -> None:
    """Each device counts with its highest count; the newest month is first; a licence and a month can be chosen."""
    with unit_of() as unit:
        number = booked(unit, tmp_path)
        found = list_usage_window(unit, DOMAIN, number).items
        some = list_usage(unit, DOMAIN, POOL, "2026-11", "ADVANTAGE")
        searched = list_usage_window(unit, DOMAIN, number, Part("count", filters={"q": "essent", "billing": "prepaid"}))
        create_virtual_account(unit, DOMAIN, "Spare")

        assert [(one["month"], one["tag"], one["devices"], one["count"]) for one in found] == [
            ("2026-11", "ESSENTIALS", 1, 1),
            ("2026-11", "ADVANTAGE", 2, 7),
            ("2026-10", "ADVANTAGE", 1, 2),
        ]
        assert [(one["count"], one["unit_hours"], one["billing"]) for one in some] == [(7, 14.0, "prepaid")]
        assert [one["tag"] for one in searched.items] == ["ESSENTIALS"]
        assert list_usage(unit, DOMAIN, "Spare") == []


@pytest.mark.row("C3.6")
@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-11", "٢٠٢٦-11", ""])
def test_what_is_no_month_is_refused(tmp_path: Path, text: str) -> None:
    """With the form that a month has."""
    with unit_of() as unit:
        add_licences(unit, tmp_path)
        with pytest.raises(InvalidMonthError):
            list_usage(unit, DOMAIN, None, text)


def lot(
    count: int, start: str | None = None, end: str | None = None, kind: str = "term", billing: str = "prepaid"
) -> LotView:
    """Units of one term."""
    first, last = (datetime.fromisoformat(f"{text}T00:00:00+00:00") if text else None for text in (start, end))
    return LotView("", LicenceType(kind), count, first, last, Billing(billing))


@pytest.mark.row("C3.6", "C3.3")
def test_what_prepaid_units_cover_is_not_billed_by_usage() -> None:
    """The rule of compliance, on the most that was there in the month; a device at central uses prepaid units only."""
    by_usage, renewed = (
        lot(1, billing="usage"),
        [lot(5, "2025-11-16", "2026-11-16"), lot(5, "2026-11-16", "2027-11-16")],
    )
    free = lot(1, kind="reporting_only")

    def seen(*lots: LotView, month: str = "2026-11", managed: bool = True) -> tuple[str, int, int]:
        found = measured_use(lots, month, 7, managed=managed)
        return found.billing, found.covered, found.by_usage

    assert seen(by_usage) == ("usage", 0, 7)
    assert seen(by_usage, *renewed) == ("usage", 5, 2)
    assert seen(by_usage, *renewed, month="2025-10") == ("usage", 0, 7)
    assert seen(by_usage, lot(9)) == ("prepaid", 7, 0)
    assert seen(by_usage, *renewed, managed=False) == ("prepaid", 5, 0)
    assert seen(*renewed) == ("prepaid", 5, 0)
    assert seen(by_usage, free, *renewed) == ("reporting_only", 5, 0)
    assert seen() == ("prepaid", 0, 0)
    assert {"usage", "reporting_only", "prepaid"} == set(BILLINGS)


@pytest.mark.row("C3.6")
def test_the_list_of_a_satellites_virtual_account_subtracts_what_prepaid_units_cover(tmp_path: Path) -> None:
    """Seven are measured, three are prepaid; what ended since still covers the month in which it was there."""
    with unit_of() as unit:
        number = booked(unit, tmp_path)
        orders = tmp_path / "orders.csv"
        head = "virtual_account,tag,quantity,type,billing,start,end,subscription_id\n"
        rows = f"{POOL},ADVANTAGE,3,term,prepaid,2025-11-01,2026-10-31,\n{POOL},ADVANTAGE,1,perpetual,usage,,,SUB\n"
        orders.write_text(head + rows, "utf-8")
        import_orders(unit, DOMAIN, orders)
        virtual_account(unit, by_domain(unit, DOMAIN).id, POOL).satellite_id = add_satellite(unit, "North").id
        unit.session.flush()
        found = list_usage_window(unit, DOMAIN, number, Part("-by_usage")).items
        assert {(one["month"], one["tag"], one["covered"], one["by_usage"], one["billing"]) for one in found} == {
            ("2026-11", "ADVANTAGE", 0, 7, "usage"),
            ("2026-10", "ADVANTAGE", 2, 0, "prepaid"),
            ("2026-11", "ESSENTIALS", 0, 0, "prepaid"),
        }
        assert found[0]["by_usage"] == 7
