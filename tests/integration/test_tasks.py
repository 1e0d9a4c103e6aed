"""Tasks: asked for, run one after the other, watched, stopped between stages, never run twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from satellite.actions import sign_in, tasks, users
from satellite.actions.synchronization import download_request
from satellite.core.operations.models import JobRun, Task
from satellite.runtime import Satellite, open_satellite
from serverkit.actor import OPERATOR, SYSTEM, Actor
from serverkit.db.windows import Part
from serverkit.errors import AppError
from serverkit.jobs.runs import Job, run_job
from serverkit.tasks import service
from serverkit.tasks.service import Progress, TaskKind
from serverkit.users.tables import Browser
from tests.world import World


@pytest.fixture
def server(site: World) -> Iterator[Satellite]:
    """A satellite that was set up."""
    opened = open_satellite(site.folder / "satellite")
    yield opened
    opened.database.dispose()


def start(server: Satellite, kind: str, *, full: bool = False, actor: Actor = OPERATOR) -> str:
    """Ask for a task; its id."""
    with server.database.write(actor) as unit:
        return str(tasks.start_task(server, unit, kind, full=full)["id"])


def show(server: Satellite, task_id: str) -> dict[str, Any]:
    """A task as it is now."""
    with server.database.read(OPERATOR) as unit:
        return tasks.show_task(server, unit, task_id)


@pytest.mark.both_databases
@pytest.mark.row("S2.1", "S2.2", "S2.3")
def test_a_full_export_and_a_synchronization_run_as_tasks(site: World, server: Satellite) -> None:
    """The result names the request, whose file can be fetched; a failure has its cause; each stage is in the log."""
    made, asked = start(server, "export", full=True), start(server, "synchronize")
    with server.database.write(OPERATOR) as unit, pytest.raises(AppError) as twice:
        tasks.start_task(server, unit, "export")
    waiting = show(server, made)
    ran = [tasks.run_next_task(server) for _ in range(3)]
    done, failed = show(server, made), show(server, asked)
    with server.database.read(OPERATOR) as unit:
        file = download_request(unit, done["result"]["epoch"], done["result"]["sequence"])
        listed = tasks.list_tasks(server, unit, Part(filters={"state": "failed"}))
    answered = site.central("sync", "import", site.file("q", file.content), "--output", site.file("r"))

    assert twice.value.code == "task_running"
    assert (waiting["state"], waiting["created_by"]) == ("waiting", "console")
    assert ran == [made, asked, None]
    assert (done["state"], done["result"]["full"], done["error"]) == ("done", True, None)
    assert file.view["sha256"] == done["result"]["sha256"]
    assert answered["outcome"] == "applied"
    assert (failed["state"], failed["error"]["code"]) == ("failed", "network_off")
    assert [line["text"] for line in failed["log"]] == ["check"]
    assert [one["id"] for one in listed.items] == [asked]
    assert site.satellite("task", "list")["items"][0]["id"] in {made, asked}


@pytest.mark.both_databases
@pytest.mark.row("S2.2")
def test_a_task_is_stopped_between_stages_and_a_dead_one_is_found(site: World, server: Satellite) -> None:
    """What waits stops at once, what runs before its next stage; a lease that is over frees the kind; others go on."""
    with server.database.write(OPERATOR) as unit:
        waiting = service.ask(unit, Task, "slow", {}).id
    with server.database.write(OPERATOR) as unit:
        assert tasks.stop_task(server, unit, waiting)["state"] == "stopped"
    with server.database.write(OPERATOR) as unit, pytest.raises(AppError) as over:
        tasks.stop_task(server, unit, waiting)
    seen: list[dict[str, Any]] = []

    def slow(_actor: Actor, _wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        progress.stage("first", 4)
        progress.count(3)
        seen.append(show(server, running))
        with server.database.write(OPERATOR) as unit:
            tasks.stop_task(server, unit, running)
        seen.append(show(server, running))
        progress.stage("second")
        raise AssertionError("a stopped task goes on")

    kinds = {"slow": TaskKind("slow", ("first", "second"), slow)}
    with server.database.write(OPERATOR) as unit:
        running = service.ask(unit, Task, "slow", {}).id
    assert service.run_next(server.database, Task, kinds, lambda _unit, actor: actor) == running
    with server.database.write(OPERATOR) as unit:
        dead = service.ask(unit, Task, "slow", {})
        dead.state, dead.lease_until = "running", unit.now
    assert service.run_next(server.database, Task, kinds, lambda _unit, actor: actor) is None

    assert over.value.code == "task_over"
    assert [(one["stage"], one["done"], one["total"], one["stopping"]) for one in seen] == [
        ("first", 3, 4, False), ("first", 3, 4, True),
    ]  # fmt: skip
    assert show(server, running)["state"] == "stopped"
    assert show(server, dead.id)["error"]["code"] == "task_died"


@pytest.mark.both_databases
@pytest.mark.row("S2.2", "C11.2")
def test_a_fault_of_the_program_ends_a_task_and_a_job_at_once(server: Satellite) -> None:
    """Neither is left running until its lease is over: the next one of its kind runs, and the cause is not called a death."""

    def faulty(*_: Any) -> Any:
        raise KeyError("a fault of the program")

    kinds = {"odd": TaskKind("odd", ("first",), faulty)}
    with server.database.write(OPERATOR) as unit:
        asked = service.ask(unit, Task, "odd", {}).id
    assert service.run_next(server.database, Task, kinds, lambda _unit, actor: actor) == asked
    shown = show(server, asked)
    assert (shown["state"], shown["error"]["code"]) == ("failed", "internal_error")
    with server.database.write(OPERATOR) as unit:
        assert service.ask(unit, Task, "odd", {}).state == "waiting"

    job = Job("odd", timedelta(minutes=1), faulty, "fails")
    ran = [run_job(server.database, JobRun, job, slot=slot) for slot in ("manual-1", "manual-2")]
    with server.database.read(OPERATOR) as unit:
        states = list(unit.session.scalars(select(JobRun.state).where(JobRun.job == "odd")))
    assert ([one.state for one in ran], states) == (["failed", "failed"], ["failed", "failed"])


@pytest.mark.both_databases
@pytest.mark.row("S2.2", "S3.4")
def test_a_task_has_the_rights_of_who_asked_for_it_when_it_runs(site: World, server: Satellite) -> None:
    """A role that was lowered, or a user who is gone, meanwhile takes them away; others' tasks need more than a role."""
    for name in ("anna", "otto"):
        site.satellite(
            "user", "add", name, "--role", "operator", "--password-file", site.file("pw", "correct horse battery")
        )
    actors = {
        name: sign_in.recognise_session(
            server, sign_in.sign_in(server, name, "correct horse battery", Browser("192.0.2.1")).session
        ).actor
        for name in ("anna", "otto")
    }
    lowered = start(server, "synchronize", actor=actors["anna"])
    with server.database.write(actors["otto"]) as unit, pytest.raises(AppError) as foreign:
        tasks.stop_task(server, unit, lowered)
    with server.database.write(SYSTEM) as unit:
        users.change_role(unit, "anna", "read-only")
    tasks.run_next_task(server)
    gone = start(server, "synchronize", actor=actors["otto"])
    site.satellite("user", "remove", "otto")
    tasks.run_next_task(server)
    with server.database.read(OPERATOR) as unit:
        before = tasks.is_scheduled(unit)
    site.satellite("jobs", "run", "clock")
    with server.database.read(OPERATOR) as unit:
        by_hand = tasks.is_scheduled(unit)

    assert foreign.value.code == "forbidden"
    assert show(server, lowered)["error"]["code"] == "forbidden"
    assert show(server, gone)["state"] == "failed"
    assert (before, by_hand) == (False, False)
