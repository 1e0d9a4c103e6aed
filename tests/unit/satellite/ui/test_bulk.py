"""Changes of many rows as tasks of a satellite."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from satellite.actions import tasks, tokens
from satellite.actions.tokens import list_token_window
from satellite.core.access.rules import Role
from satellite.runtime import Satellite
from satellite.ui.bulk import bulk_kind
from serverkit.actor import OPERATOR, Actor
from serverkit.db.windows import Part
from serverkit.tasks.errors import UnknownTaskError
from tests.unit.satellite.factories import add_user, add_virtual_account, server_of, signed_in


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite that was set up."""
    made = server_of(tmp_path)
    yield made
    made.database.dispose()


def prepared(server: Satellite, role: Role) -> tuple[Actor, list[str]]:
    """A user of a role, and the ids of 120 tokens, three of them revoked."""
    with server.database.write(OPERATOR) as unit:
        user = add_user(unit, "ann", role)
        add_virtual_account(unit, "Core")
        unit.session.flush()
        box = server.keyring.box
        more: dict[str, Any] = {"days": 30, "uses": None, "export_controlled": False, "description": ""}
        made = [tokens.create_token(unit, box, "Core", **more).view["id"] for _number in range(120)]
        for one in made[:3]:
            tokens.revoke_token(unit, one)
        return signed_in(user), made


def asked(server: Satellite, actor: Actor, keys: list[str], **changed: Any) -> str:
    """Ask to revoke all active tokens, as the page asks."""
    wanted = {
        "path": "/tokens/bulk/revoke", "query": "state=active", "keys": None, "count": len(keys), "read": None,
        "digest": sha256("\n".join(sorted(keys)).encode()).hexdigest(), "language": "en", "title": "Revoke", "list": "/",
    }  # fmt: skip
    with server.database.write(actor) as unit:
        return tasks.begin_bulk(unit, {**wanted, **changed})


@pytest.mark.row("S3.2")
def test_all_rows_that_match_are_changed_beside_the_server(server: Satellite) -> None:
    """Part by part, as the user who asked; what became of each row is kept; who may not run jobs sees only the own task."""
    actor, made = prepared(server, Role.OPERATOR)
    task_id = asked(server, actor, made[3:])
    assert tasks.run_next_task(server) is None
    assert tasks.run_next_task(server, bulk_kind(server)) == task_id
    with server.database.read(actor) as unit:
        found = tasks.show_bulk(unit, task_id)
        assert (found["state"], found["result"]["changed"], found["result"]["refused"]) == ("done", 117, 0)
        assert found["done"] == found["total"] == 117
        assert list_token_window(unit, Part(most=None, filters={"state": "active"}, only_ids=True)).count == 0
    for role in (Role.READ_ONLY, Role.OPERATOR):
        with server.database.write(OPERATOR) as unit:
            other = signed_in(add_user(unit, f"other {role}", role))
        with server.database.read(other) as unit, pytest.raises(UnknownTaskError):
            tasks.show_bulk(unit, task_id)


@pytest.mark.row("S3.2")
def test_a_task_changes_nothing_for_a_role_that_lost_the_right_or_where_others_match(server: Satellite) -> None:
    """The role is asked again when the turn of the task comes, and so is the selection."""
    actor, made = prepared(server, Role.READ_ONLY)
    for keys, code in ((made[3:], "forbidden"), (made, "selection_changed")):
        task_id = asked(server, actor, keys)
        tasks.run_next_task(server, bulk_kind(server))
        with server.database.read(actor) as unit:
            found = tasks.show_bulk(unit, task_id)
            assert (found["state"], found["error"]["code"]) == ("failed", code)
            assert list_token_window(unit, Part(most=None, filters={"state": "active"}, only_ids=True)).count == 117
