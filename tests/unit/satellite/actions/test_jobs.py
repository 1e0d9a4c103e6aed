"""Scheduled jobs of a site, and their runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from satellite.actions.jobs import list_jobs, list_tasks, list_works, show_task
from satellite.core.operations.errors import UnknownTaskError
from satellite.core.operations.models import JobRun, Task
from satellite.core.operations.queries import failing_jobs
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.jobs.runs import Job
from serverkit.tasks import service
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
def test_runs_and_tasks_that_were_asked_for_are_one_list_in_windows_of_any_size() -> None:
    """Newest first, forth and back; a task is found by its kind, state, who asked for it, and whether a person did."""
    with unit_of() as unit:
        for number, minutes in enumerate((60, 40, 20)):
            add_run(unit, "alerts", f"manual-{number}", "done", minutes=minutes)
        for kind, minutes, by in (("backup", 50, "job backup"), ("bulk", 30, "mira"), ("support", 10, "mira")):
            row = service.ask(unit, Task, kind, {"title": "Revoke"} if kind == "bulk" else {})
            row.asked_at, row.created_by = NOW - timedelta(minutes=minutes), by
        unit.session.flush()
        kinds = ["task-support", "alerts", "task-bulk", "alerts", "task-backup", "alerts"]

        def listed(**filters: str) -> list[str]:
            return [one["kind"] for one in list_works(unit, Part(filters=filters)).items]

        assert listed() == kinds
        for most in (1, 2, 4, 6):
            window, seen = list_works(unit, Part(most=most)), []
            while True:
                seen += [one["kind"] for one in window.items]
                assert window.count == 6
                if window.next is None:
                    break
                window = list_works(unit, Part(most=most, after=window.next))
            assert seen == kinds
            if window.before is not None:
                back = list_works(unit, Part(most=most, before=window.before))
                assert [one["kind"] for one in back.items] == kinds[: len(kinds) - len(window.items)][-most:]
        assert listed(state="waiting") == ["task-support", "task-bulk", "task-backup"]
        assert listed(kind="task-bulk") == listed(q="MIRA", kind="task-bulk") == ["task-bulk"]
        assert listed(kind="alerts") == ["alerts"] * 3
        assert listed(by="schedule") == ["task-backup"]
        add_run(unit, "alerts", "2026-01-01T11:00:00Z", "done", minutes=5)
        unit.session.flush()
        assert listed() == kinds  # what the schedule started buries nothing
        assert listed(by="schedule") == ["alerts", "task-backup"]
        assert listed(kind="alerts") == ["alerts"] * 4
        [bulk] = list_works(unit, Part(filters={"kind": "task-bulk"})).items
        assert (bulk["who"], bulk["detail"], bulk["progress"]) == ("mira", "Revoke", None)


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


@pytest.mark.row("S3.2", "S3.4")
def test_a_job_fails_as_long_as_its_last_run_of_the_schedule_did() -> None:
    """A run that is under way, or that someone started by hand, says nothing about the schedule."""
    with unit_of() as unit:
        for job, slot, state in (
            ("mail", "2026-01-01T11:00:00Z", "done"),
            ("mail", "2026-01-01T11:01:00Z", "failed"),
            ("mail", "2026-01-01T11:02:00Z", "running"),
            ("mail", "manual-1", "done"),
            ("tls", "2026-01-01T11:00:00Z", "failed"),
            ("tls", "2026-01-01T11:10:00Z", "done"),
        ):
            add_run(unit, job, slot, state, minutes=5)

        assert failing_jobs(unit, ["mail", "tls", "alerts"]) == ["mail"]
