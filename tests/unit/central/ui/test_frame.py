"""What stands around every page of central."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central.actions.alerts import list_alerts_around
from central.domain.accounts.services import create_account
from central.domain.alerts.services import book
from central.ui.frame import STAYING, WORST
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from tests.unit.central.factories import unit_of


@pytest.mark.row("C10.1", "C1.4")
def test_an_alert_that_no_one_can_hide_is_in_the_bar_however_many_worse_ones_there_are() -> None:
    """Neither the most urgent of its severity nor the newest, and there all the same; all are counted."""
    with unit_of() as unit:
        account = create_account(unit, "many.example", "Many", export_allowed=True)
        worse = [
            Wanted(
                "insufficient_licences", str(number), said("short"), "here", unit.now + timedelta(days=number % 7),
                subject={"virtual_account": "p" * 32, "tag": "A"},
            )
            for number in range(2 * WORST + 5)
        ]  # fmt: skip
        stays = Wanted("agreement_pending", "agreement", said("pending"), "Many")
        book(account.id).reconcile(unit, [stays, *worse], ("insufficient_licences", "agreement_pending"))
        around = list_alerts_around(unit, "many.example", most=WORST, always=STAYING)

    assert "agreement_pending" in {one["kind"] for one in around.items}
    assert len(around.items) < len(worse)
    assert around.here["major"] + around.here.get("minor", 0) == len(worse) + 1
