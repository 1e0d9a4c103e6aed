"""Measured use as it is listed: by licence and month, for those who may see the virtual account."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from central.actions.usage import BILLINGS, InvalidMonthError, billing_of, list_usage, list_usage_window
from central.actions.virtual_accounts import create_virtual_account
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.usage.models import UsageMonth
from exchange.compliance import Stock
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from tests.unit.central.factories import DOMAIN, NOW, POOL, add_licences, unit_of


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


@pytest.mark.row("C3.6", "C3.3")
def test_billing_follows_from_what_the_virtual_account_has() -> None:
    """Reporting-only lots cover everything; else lots by usage bill; else it was paid before."""
    found = [billing_of(one) for one in (Stock(by_usage=True), Stock(5, True, True), Stock(5))]

    assert found == ["usage", "reporting_only", "prepaid"]
    assert set(found) == set(BILLINGS)
