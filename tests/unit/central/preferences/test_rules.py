"""What can be mailed about, when a summary is due, and what a mail says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from central.domain.alerts.rules import CATALOGUE
from central.domain.preferences.rules import (
    MOST_LINES,
    NOTICES,
    Line,
    Told,
    alert_kinds,
    event_kinds,
    news_mail,
    summary_day,
    summary_mail,
    told,
)

VIENNA, AT = ZoneInfo("Europe/Vienna"), datetime(2027, 3, 1, 23, 30, tzinfo=UTC)


@pytest.mark.row("C12.2")
@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2027, 3, 1, 23, 0, 59, tzinfo=UTC), date(2027, 3, 1)),
        (datetime(2027, 3, 1, 23, 1, tzinfo=UTC), date(2027, 3, 2)),
        (datetime(2027, 7, 1, 22, 1, tzinfo=UTC), date(2027, 7, 2)),
        (datetime(2027, 7, 1, 22, 0, tzinfo=UTC), date(2027, 7, 1)),
    ],
)
def test_a_summary_is_due_from_one_minute_past_midnight_of_its_zone(now: datetime, day: date) -> None:
    """In winter and in summer."""
    assert summary_day(now, VIENNA) == day


@pytest.mark.row("C12.2")
def test_each_thing_to_be_mailed_about_is_a_kind_that_there_is() -> None:
    """Every one has alerts or events behind it, and no alert that central does not know; the summary may list more."""
    assert all(one.alerts or one.events for one in NOTICES.values())
    assert alert_kinds(NOTICES, listed=True) <= set(CATALOGUE)
    assert alert_kinds(NOTICES, listed=True) - alert_kinds(NOTICES) == {"instance_failed_to_renew"}
    assert event_kinds(["insufficient", "unknown"]) == frozenset()


@pytest.mark.row("C12.2")
def test_a_mail_tells_one_thing_in_its_subject_and_of_many_the_first() -> None:
    """Times are those of the zone; a subject is one line, however long what it tells is."""
    none, one = Told((), 0), told([Line(AT, "major: 2 of A\r\nBcc: x@y.example " + "z" * 300)])
    many = Told([Line(AT, f"event {number}") for number in range(MOST_LINES)], 2000)
    alone, both = news_mail("Customer", VIENNA, one, none), news_mail("Customer", VIENNA, one, many)
    summary = summary_mail("Customer", VIENNA, one, many)

    assert alone.subject.startswith("Customer: major: 2 of A Bcc: x@y.example zzz")
    assert len(alone.subject) == 200
    assert alone.text.startswith("2027-03-02 00:30  major: 2 of A")
    assert both.subject == "Customer: 2001 notices"
    assert both.text.count("\n2027-03-02 00:30  event") == MOST_LINES
    assert "and 1950 more" in both.text
    assert summary.text.startswith("Open alerts: 1\n2027-03-02 00:30  major")
    assert "Since the last summary: 2000\n" in summary.text
    assert summary.text.endswith(
        "Times are those of Europe/Vienna. What you are mailed about is set under Preferences of the account.\n"
    )
