"""Scheduled jobs of a site, and their runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from satellite.actions.jobs import list_jobs, list_tasks, show_task
from satellite.core.operations.errors import UnknownTaskError
from satellite.core.operations.models import JobRun
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.jobs.runs import Job
from tests.unit.satellite.factories import NOW, unit_of


def add_run(unit: Unit, job: str, slot: str, state: str, *, minutes: int, detail: str = "") -> JobRun:
    """A run that began some minutes ago and took one."""
    started = NOW - timedelta(minutes=minutes)
    row = JobRun(
        job=job, slot=slot, state=state, started=started, finished=started + timedelta(minutes=1), detail=detail
    )
    unit.session.add(row)
    unit.session.flush()
    return row


@pytest.mark.row("S3.2")
def test_jobs_are_listed_with_their_present_slot() -> None:
    """Two looks at one time name one slot."""
    jobs = tuple(Job(name, timedelta(hours=1), lambda _: "", f"do {name}") for name in ("alerts", "terms"))
    found = list_jobs(jobs, NOW)

    assert [(one["name"], one["every_seconds"], one["description"]) for one in found] == [
        ("alerts", 3600, "do alerts"),
        ("terms", 3600, "do terms"),
    ]
    assert [one["slot"] for one in found] == [one["slot"] for one in list_jobs(jobs, NOW + timedelta(minutes=1))]
    assert [one["slot"] for one in found] != [one["slot"] for one in list_jobs(jobs, NOW + timedelta(hours=1))]


@pytest.mark.row("S3.2")
def test_runs_are_listed_newest_first_and_found_by_kind_state_person_and_text() -> None:
    """A text is taken as it is typed: a percent sign is no wildcard."""
    with unit_of() as unit:
        add_run(unit, "alerts", "2026-01-01T11:00:00Z", "done", minutes=60, detail="3 refreshed")
        add_run(unit, "terms", "manual-1", "failed", minutes=5, detail="disk 100% full")

        def kinds(**filters: str) -> list[str]:
            return [one["kind"] for one in list_tasks(unit, Part(filters=filters)).items]

        assert kinds() == ["terms", "alerts"]
        assert kinds(by="person") == kinds(state="failed") == kinds(q="FULL") == kinds(q="%") == ["terms"]
        assert kinds(by="schedule") == kinds(kind="alerts") == ["alerts"]
        assert kinds(kind="terms", state="done") == []


@pytest.mark.row("S3.2")
def test_a_run_is_shown_by_the_id_that_the_list_gives() -> None:
    """With how long it took; an unknown id is refused."""
    with unit_of() as unit:
        add_run(unit, "alerts", "2026-01-01T11:00:00Z", "done", minutes=60)
        listed = list_tasks(unit).items[0]

        assert show_task(unit, listed["id"]) == listed
        assert listed["took_seconds"] == 60
        for wrong in ("alerts", "alerts:manual-9", ""):
            with pytest.raises(UnknownTaskError):
                show_task(unit, wrong)
