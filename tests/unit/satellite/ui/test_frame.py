"""What stands around every page of a satellite."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from satellite.core.alerts.services import book
from satellite.core.site.models import Site
from satellite.ui.frame import WORST, chips_of, make_frame
from serverkit.actor import OPERATOR
from serverkit.alerts.engine import Severity as Level
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said as told
from serverkit.clock import iso
from serverkit.web.console import Severity, SignedIn
from tests.console import NOW
from tests.unit.satellite.factories import server_of

DAY = timedelta(days=1)


def said(**changed: Any) -> tuple[str, Severity | None]:
    """The chip of synchronization, with how much it asks for attention."""
    failed = bool(changed.pop("failed", False))
    status = {
        "state": "authorized", "restored": False, "sync_state": "response_applied", "sequence": 14,
        "last_sync": iso(NOW - 3 * DAY), "sync_due": iso(NOW + 27 * DAY), "overdue_at": iso(NOW + 63 * DAY),
        "removal_at": iso(NOW + 87 * DAY), "clock": None, **changed,
    }  # fmt: skip
    [chip] = chips_of(status, NOW, failed=failed)
    return f"{chip.words}, {chip.note}" if chip.note else str(chip.words), chip.severity


@pytest.mark.row("S2.7")
@pytest.mark.parametrize(
    ("changed", "words", "severity"),
    [
        ({}, "Synchronized 3 days ago, due in 27 days", None),
        ({"sync_state": "waiting_for_response"}, "Response 14 awaited, due in 27 days", None),
        ({"last_sync": None}, "Not synchronized yet, due in 27 days", None),
        ({"failed": True}, "Synchronization failed, due in 27 days", Severity.MINOR),
        ({"sync_due": iso(NOW)}, "Overdue in 63 days", Severity.MINOR),
        ({"sync_due": iso(NOW), "overdue_at": iso(NOW)}, "Removed in 87 days", Severity.MAJOR),
        ({"removal_at": iso(NOW - 2 * DAY)}, "Removal due since 27 Feb 2027", Severity.MAJOR),
        ({"restored": True}, "Resynchronize", Severity.MAJOR),
        ({"state": "new"}, "Not registered", Severity.MINOR),
        ({"sync_due": None, "overdue_at": None, "removal_at": None}, "Synchronized 3 days ago", None),
    ],
)
def test_every_page_counts_down_to_the_next_step(
    changed: dict[str, Any], words: str, severity: Severity | None
) -> None:
    """Before the reminder, too, the chip says when the next step of the ladder comes; colour begins with the reminder."""
    assert said(**changed) == (words, severity)


@pytest.mark.row("S2.7", "S3.3")
def test_a_failed_synchronization_is_said_however_many_worse_alerts_there_are(tmp_path: Path) -> None:
    """Neither the chip nor a milder alert nor one that no one can hide depends on how many worse ones there are."""
    server = server_of(tmp_path)
    worse = [
        Wanted("insufficient_licences", str(number), told("Short."), "North", NOW, severity=Level.MAJOR)
        for number in range(WORST)
    ]
    failed = Wanted("satellite_sync_failed", "site", told("It failed."), "North")
    late = NOW + 900 * DAY
    stays = Wanted("satellite_forked", "site", told("Restored."), "North", late, severity=Level.MAJOR)
    with server.database.write(OPERATOR) as unit:
        book().reconcile(unit, [*worse, failed, stays], ("insufficient_licences", "satellite_sync_failed"))
        unit.session.flush()
        site = unit.session.get_one(Site, 1)
        site.authorized_at = site.last_sync_at = unit.now  # nothing else is due
        frame = make_frame(server, unit, SignedIn(OPERATOR, "session", "role", frozenset()), ())
    server.database.dispose()

    assert "Synchronization failed" in {str(one.words) for one in frame.chips}
    assert {"It failed.", "Restored."} <= {str(line.message) for line in frame.alerts}
    assert [str(line.message) for line in frame.alerts if line.stays] == ["Restored."]
    assert frame.alert_marks is not None
    assert frame.alert_marks[Severity.MAJOR][1] == WORST + 1
