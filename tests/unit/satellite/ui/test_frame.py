"""What stands around every page of a satellite."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from satellite.ui.frame import chips_of
from serverkit.clock import iso
from serverkit.web.console import Severity
from tests.console import NOW

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
