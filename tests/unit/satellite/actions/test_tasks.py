"""Long works that someone asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from satellite.actions import tasks
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.operations.models import Task
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR, Actor
from serverkit.db.windows import Part
from serverkit.tasks import service
from serverkit.tasks.errors import TaskOverError, TaskRunningError, UnknownTaskError
from serverkit.tasks.service import Progress, TaskKind
from tests.unit.satellite.factories import person, server_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite that was set up."""
    made = server_of(tmp_path)
    yield made
    made.database.dispose()


@pytest.mark.row("S2.2")
def test_one_task_of_a_kind_waits_at_a_time_and_may_be_stopped(server: Satellite) -> None:
    """A stopped task is over; who only reads asks for none, and an operator stops only what is the operator's own."""
    with server.database.write(OPERATOR) as unit:
        asked = tasks.start_task(server, unit, tasks.EXPORT, full=True)
        with pytest.raises(TaskRunningError):
            tasks.start_task(server, unit, tasks.EXPORT)
        for role in (Role.READ_ONLY, Role.OPERATOR):
            unit.actor = person(role)
            with pytest.raises(NotPermittedError):
                tasks.stop_task(server, unit, asked["id"])
        unit.actor = person(Role.READ_ONLY)
        with pytest.raises(NotPermittedError):
            tasks.start_task(server, unit, tasks.SYNCHRONIZE)
        unit.actor = OPERATOR
        assert tasks.show_task(server, unit, asked["id"])["state"] == "waiting"
        stopped = tasks.stop_task(server, unit, asked["id"])
        assert stopped["state"] == "stopped"
        with pytest.raises(TaskOverError):
            tasks.stop_task(server, unit, asked["id"])
        with pytest.raises(UnknownTaskError):
            tasks.show_task(server, unit, "0" * 32)
        found = tasks.list_tasks(server, unit, Part(filters={"kind": tasks.EXPORT}))
        assert [one["id"] for one in found.items] == [asked["id"]]
        assert not tasks.is_scheduled(unit)
    assert tasks.run_next_task(server) is None


@pytest.mark.row("S2.2")
def test_a_task_that_fails_names_its_cause(server: Satellite) -> None:
    """Without central's address nothing can be sent; the task is over, and the next may be asked for."""
    with server.database.write(OPERATOR) as unit:
        asked = tasks.start_task(server, unit, tasks.SYNCHRONIZE)
    assert tasks.run_next_task(server) == asked["id"]
    with server.database.write(OPERATOR) as unit:
        done = tasks.show_task(server, unit, asked["id"])
        assert done["state"] == "failed"
        assert done["stage"] == "check"
        tasks.start_task(server, unit, tasks.SYNCHRONIZE)


@pytest.mark.row("S2.2")
@pytest.mark.parametrize(
    "word",
    [
        lambda told: told.stage("next"),
        lambda told: told.count(1),
        lambda told: told.advance(1, {"changed": 1}),
        lambda told: told.say("still here"),
    ],
)
def test_a_task_whose_lease_was_over_ends_at_its_next_word(server: Satellite, word: Callable[[Progress], None]) -> None:
    """It is shown as failed and may be asked for again; the worker goes on with nothing and changes nothing of what is shown."""
    reached: list[str] = []

    def slow(_actor: Actor, _wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        progress.stage("first", 4)
        with server.database.write(OPERATOR) as unit:
            service.find(unit, Task, asked).lease_until = unit.now
        assert service.run_next(server.database, Task, kinds, lambda _unit, actor: actor) is None
        reached.append("lease is over")
        word(progress)
        reached.append("went on")
        return {}

    kinds = {"slow": TaskKind("slow", ("first",), slow)}
    with server.database.write(OPERATOR) as unit:
        asked = service.ask(unit, Task, "slow", {}).id
    assert service.run_next(server.database, Task, kinds, lambda _unit, actor: actor) == asked
    with server.database.write(OPERATOR) as unit:
        shown = tasks.show_task(server, unit, asked)
        service.ask(unit, Task, "slow", {})
    assert reached == ["lease is over"]
    assert (shown["state"], shown["error"]["code"], shown["stage"], shown["done"]) == (
        "failed",
        "task_died",
        "first",
        0,
    )
