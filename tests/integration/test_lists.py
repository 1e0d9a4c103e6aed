"""Windows of the console's lists: every row once, forth and back, in every order, however many rows tie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from exchange.licence_rows import ORDERS
from satellite.actions import alerts, counts, event_log, export_queue, instance_list, tokens
from satellite.actions.licences import list_licence_window
from satellite.core.accounts.models import VirtualAccount
from satellite.core.alerts.services import book
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.models import QueueEntry
from satellite.core.instances.models import Instance
from satellite.runtime import Satellite, open_satellite
from satellite.sync.history import note_history
from serverkit.actor import OPERATOR
from serverkit.alerts.engine import Severity, Wanted
from serverkit.alerts.texts import said
from serverkit.db.paging import UnknownKeyError, UnknownSortError
from serverkit.db.unit import Unit
from serverkit.db.windows import COUNTED_TO, Part, Window
from serverkit.ids import new_id
from tests.unit.satellite.factories import add_instance
from tests.world import World

ROWS = 7
LISTS: dict[str, tuple[Callable[..., Window], Any]] = {
    "instances": (instance_list.list_instances, instance_list.INSTANCE_ORDERS.by),
    "tokens": (
        tokens.list_token_window,
        ("description", "virtual_account", "state", "expires_at", "created_at", "created_by", "uses"),
    ),
    "export_queue": (export_queue.list_queue_window, export_queue.QUEUE_ORDERS.by),
    "events": (event_log.list_event_window, event_log.EVENT_ORDERS.by),
    "alerts": (alerts.list_alert_window, alerts.ALERT_ORDERS.by),
    "licences": (list_licence_window, ORDERS),
}


@pytest.fixture
def full(site: World) -> Iterator[Satellite]:
    """A satellite with rows in every list, most of which tie in most orders."""
    for number in range(3):
        words = ("--virtual-account", "Site", "--days", "9", "--description", f"rack {number}")
        site.satellite("token", "create", *words)
    for name in ("anna", "otto", "eva"):
        password = site.file("pw", "correct horse battery")
        site.satellite("user", "add", name, "--role", "administrator", "--password-file", password)
    server = open_satellite(site.folder / "satellite")
    with server.database.write(OPERATOR) as unit:
        pool = unit.session.query(VirtualAccount).one()
        for number in range(ROWS):
            row = add_instance(unit, pool, f"SN{number}", "same" if number % 2 else None)
            row.last_contact = row.last_contact - timedelta(days=number % 3)
            row.marks = ["clone"] if number == 1 else []
            record(unit, EventKind.INSTANCE_ADDED, f"added {number}", subject={"tag": f"T{number}"}, instance_id=row.id)
            note_history(unit, "network", "failed", epoch=1, number=number, counts={})
            unit.session.add(queued(unit, row, number))
        wanted = [
            Wanted(
                "satellite_sync_failed", str(number), said("Alert {number}.", number=number), "North",
                unit.now + timedelta(days=number) if number % 2 else None, severity=[*Severity][number % 3],
            )
            for number in range(ROWS)
        ]  # fmt: skip
        book().reconcile(unit, wanted, ("satellite_sync_failed",))
        unit.touched.clear()
    yield server
    server.database.dispose()


def queued(unit: Unit, row: Instance, number: int) -> QueueEntry:
    """A request of a device."""
    return QueueEntry(
        id=new_id(),
        instance_id=row.id,
        virtual_account_id=row.virtual_account_id,
        tag="STRONG",
        count=number % 2,
        state="waiting",
        message="",
        statement={},
        device_key={},
        key_hash="0" * 64,
        requested_at=unit.now,
        change_no=1,
    )


@pytest.mark.both_databases
@pytest.mark.row("S3.2", "S3.3", "S3.4")
def test_every_order_shows_every_row_once_forth_and_back(full: Satellite) -> None:
    """Pages of two from the first to the last and back hold what the whole list holds, in its order."""
    with full.database.read(OPERATOR) as unit:
        for listed, orders in LISTS.values():
            walk(unit, listed, [sign + order for order in orders for sign in ("", "-")])


def walk(unit: Unit, listed: Callable[..., Window], sorts: list[str]) -> None:
    """Walk a list in every order."""
    for sort in sorts:
        whole = [one["id"] for one in listed(unit, Part(sort=sort, most=None)).items]
        pages = [listed(unit, Part(sort=sort, most=2))]
        while pages[-1].next is not None:
            pages.append(listed(unit, Part(sort=sort, most=2, after=pages[-1].next)))
        back = [pages[-1]]
        while back[-1].before is not None:
            back.append(listed(unit, Part(sort=sort, most=2, before=back[-1].before)))

        assert len(whole) == len(set(whole)) >= 2, sort
        assert [one["id"] for page in pages for one in page.items] == whole, sort
        assert pages[0].before is None
        assert {page.count for page in pages} == {len(whole)}
        assert {one["id"] for page in back for one in page.items} == set(whole), sort
        assert [one["id"] for page in reversed(back) for one in page.items] == whole, sort
    with pytest.raises(UnknownSortError):
        listed(unit, Part(sort="nothing"))
    for key in ("", "x", "W10", "W1siYSJd", "bnVsbA", "WzEsMiwzLDQsNSw2XQ", "Wy0xZTk5LCJhIl0", "A" * 9999):
        if key:
            with pytest.raises(UnknownKeyError):
                listed(unit, Part(after=key))


@pytest.mark.both_databases
@pytest.mark.row("S3.2", "S3.3")
def test_lists_are_filtered_by_the_database_and_cost_the_same_for_any_number(full: Satellite) -> None:
    """Each filter lets the right rows through; a window of all rows asks no more queries than a window of one."""
    with full.database.read(OPERATOR) as unit:

        def count(listed: Callable[..., Window], **filters: str) -> int:
            found = listed(unit, Part(filters=filters))
            assert found.count == len(found.items)
            return found.count

        assert count(instance_list.list_instances, q="SAME") == 3
        assert count(instance_list.list_instances, q="sn4") == 1
        assert count(instance_list.list_instances, q="100%") == 0
        assert count(instance_list.list_instances, mark="clone") == 1
        assert count(instance_list.list_instances, virtual_account="Site") == ROWS
        assert count(instance_list.list_instances, virtual_account="Nowhere") == 0
        assert count(instance_list.list_instances, state="active") == ROWS
        assert count(instance_list.list_instances, restricted="yes") == 0
        assert count(instance_list.list_instances, compliance="none") == ROWS
        assert count(instance_list.list_instances, compliance="in_compliance") == 0
        assert count(instance_list.list_instances, compliance="out_of_compliance") == 0
        assert count(tokens.list_token_window, q="RACK 1") == 1
        assert count(tokens.list_token_window, state="active") == 3
        assert count(tokens.list_token_window, state="revoked") == 0
        assert count(event_log.list_event_window, kind="instance:added") == ROWS
        assert count(event_log.list_event_window, tag="T3") == 1
        assert count(event_log.list_event_window, since="2999-01-01T00:00:00Z") == 0
        assert count(alerts.list_alert_window, severity="major") == 3
        assert count(alerts.list_alert_window, q="alert 4") == 1
        assert count(export_queue.list_queue_window, q="sn2") == 1
        assert count(export_queue.list_queue_window, state="sent") == 0
        assert count(list_licence_window, restricted="yes") == 1
        assert count(list_licence_window, state="short") == 0
        assert counts.count_alerts(unit) == {"major": 3, "minor": 2, "informational": 2}
        for listed, _ in LISTS.values():
            one, all_of_them = (
                statements(full, lambda listed=listed, most=most: listed(unit, Part(most=most))) for most in (1, 50)
            )
            assert all_of_them <= one


def statements(server: Satellite, work: Callable[[], object]) -> int:
    """How many statements something takes."""
    seen: list[str] = []

    def note(*words: Any) -> None:
        seen.append(words[2])

    event.listen(server.database.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(server.database.engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.both_databases
@pytest.mark.row("S3.2")
def test_a_page_goes_on_where_its_last_row_was_removed_meanwhile(full: Satellite) -> None:
    """The key holds the place, not the row; a count beyond ten thousand says only that."""
    with full.database.write(OPERATOR) as unit:
        first = instance_list.list_instances(unit, Part(most=3))
        ids = [one["id"] for one in instance_list.list_instances(unit).items]
        gone = unit.session.get_one(Instance, ids[2])
        gone.removed = True
        unit.session.flush()
        second = instance_list.list_instances(unit, Part(most=9, after=first.next))
        unit.touched.clear()

    assert [one["id"] for one in second.items] == ids[3:]
    assert Window((), count=COUNTED_TO).counted
    assert not Window((), count=COUNTED_TO + 1).counted
