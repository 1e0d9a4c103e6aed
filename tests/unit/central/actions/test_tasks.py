"""Whose tasks a person sees, and how many may wait."""

from __future__ import annotations

from typing import Any

import pytest

from central.actions import tasks
from serverkit.actor import OPERATOR, Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.errors import AppError
from serverkit.tasks.errors import TaskOverError, TaskRunningError, UnknownTaskError
from tests.unit.central.factories import NOBODY, unit_of

OTHER = Actor(ActorKind.USER, "f" * 32, "other", frozenset())
WANTED: dict[str, Any] = {"title": "Revoke", "parts": {"domain": "customer.example"}}


def listed(unit: Unit, part: Part | None = None) -> list[str]:
    """The tasks that the actor sees, by who asked for them."""
    return [one["created_by"] for one in tasks.list_tasks(unit, part or Part()).items]


@pytest.mark.row("C1.6")
def test_each_person_sees_the_own_tasks_and_the_vendor_all_of_them() -> None:
    """One change of many rows waits for each person; what others asked for is not there; it is stopped once."""
    with unit_of() as unit:
        made = {}
        for actor in (NOBODY, OTHER):
            unit.actor = actor
            made[actor.id] = tasks.begin_bulk(unit, WANTED)
            with pytest.raises(TaskRunningError):
                tasks.begin_bulk(unit, WANTED)
            assert len(listed(unit)) == 1
        for refused in (tasks.show_bulk, tasks.stop_bulk):
            with pytest.raises(UnknownTaskError):
                refused(unit, made[NOBODY.id])
        tasks.stop_bulk(unit, made[OTHER.id])
        with pytest.raises(TaskOverError):
            tasks.stop_bulk(unit, made[OTHER.id])

        unit.actor = OPERATOR
        assert len(listed(unit)) == 2
        assert listed(unit, Part(filters={"state": "stopped", "q": "OTH"})) == ["other"]
        shown = tasks.list_tasks(unit, Part(filters={"state": "waiting"})).items[0]
        assert (shown["domain"], shown["detail"], shown["took_seconds"]) == ("customer.example", "Revoke", None)
        with pytest.raises(AppError):
            tasks.show_bulk(unit, "none")
        assert tasks.is_scheduled(unit) is False
