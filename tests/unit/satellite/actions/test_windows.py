"""The lists of the console: filtered and ordered by the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from satellite.actions import alerts, event_log, export_queue, instance_list, tokens
from satellite.actions.alerts import dismiss_alert
from satellite.core.alerts.services import book
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.instances.models import Standby
from satellite.sync.history import note_history
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.db.paging import UnknownSortError
from serverkit.db.unit import Unit
from serverkit.db.windows import Part, Window
from tests.unit.satellite.factories import NOW, add_grant, add_instance, add_request, add_virtual_account, unit_of

LISTS = (
    instance_list.list_instances,
    tokens.list_token_window,
    export_queue.list_queue_window,
    event_log.list_event_window,
    alerts.list_alert_window,
)


def values(found: Window, name: str) -> list[object]:
    """A member of all items."""
    return [one[name] for one in found.items]


@pytest.mark.row("S3.2")
def test_instances_are_found_by_what_a_person_knows_of_them() -> None:
    """Name, serial number, virtual account, state, silence, restricted units; several filters together."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")
        add_instance(unit, site, "SN1", "core-1")
        silent = add_instance(unit, site, "SN2", "core-2")
        silent.last_contact, silent.state, silent.marks = NOW - timedelta(days=40), "failed_to_connect", ["clone"]
        add_grant(unit, add_instance(unit, spare, "SN3", "edge_3"))
        unit.session.flush()

        def found(**filters: str) -> list[object]:
            return values(instance_list.list_instances(unit, Part(filters=filters)), "name")

        assert found() == ["core-1", "core-2", "edge_3"]
        assert found(q="CORE") == found(virtual_account="Site") == ["core-1", "core-2"]
        assert found(q="sn2") == found(state="failed_to_connect") == found(silent="30") == found(mark="clone")
        assert found(silent="30") == ["core-2"]
        assert found(restricted="yes") == found(tag="STRONG") == found(q="_3") == ["edge_3"]
        assert found(virtual_account="Sight") == found(state="released") == []
        assert found(silent="soon") == found()


@pytest.mark.row("S3.2")
def test_a_search_takes_parts_of_what_stands_on_a_device_in_any_order_of_the_list() -> None:
    """Several words, in any case; a UUID with its hyphens; a standby of a set; a sign that SQL takes for another one."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        one, two = add_instance(unit, site, "SN10", "core-1.north"), add_instance(unit, site, "SN2", "Core-2.south")
        one.udi_key = "rt-1|sn10|6f1c2a90aa114b3e8d00c0ffee000001"
        add_instance(unit, site, "SN30", None)
        unit.session.add(Standby(instance_id=two.id, udi_key="rt-1|spare7|"))
        unit.session.flush()

        for order in ("", "name", "-last_contact", "pid"):

            def found(words: str, order: str = order) -> set[object]:
                return set(values(instance_list.list_instances(unit, Part(order, filters={"q": words})), "id"))

            assert found("core NORTH") == found("sn10 RT-1") == found("6F1C2A90-AA11-4B3E") == {one.id}
            assert found("spare7") == found("SOUTH") == found(two.id) == {two.id}
            assert found("Core-") == {one.id, two.id}
            assert found("core_2") == found("core%") == found("north south") == set()


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("order", ["name", "-registered_at", "last_contact"])
def test_a_window_of_many_that_match_goes_on_where_it_ended(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    """However many match: all are met once, and those that do not match never."""
    monkeypatch.setattr(instance_list, "FEW", 2)
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        for number in range(9):
            row = add_instance(unit, site, f"SN{number}", f"{'core' if number % 3 else 'edge'}-{number}")
            row.registered_at = row.last_contact = NOW - timedelta(days=number // 2)
        unit.session.flush()
        met: list[object] = []
        part = Part(order, most=2, filters={"q": "core"})
        while part.after or not met:
            window = instance_list.list_instances(unit, part)
            assert window.count == 6
            met += values(window, "name")
            part = replace(part, after=window.next)

        assert len(met) == len(set(met)) == 6
        assert all("core" in str(name) for name in met)


@pytest.mark.row("S3.2")
def test_a_window_goes_forth_and_back() -> None:
    """Keys lead to the next and to the window before; an order can be reversed."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        for number in range(5):
            add_instance(unit, site, f"SN{number}", f"core-{number}")
        first = instance_list.list_instances(unit, Part(most=2))
        second = instance_list.list_instances(unit, Part(most=2, after=first.next))
        back = instance_list.list_instances(unit, Part(most=2, before=second.before))

        assert values(second, "name") == ["core-2", "core-3"]
        assert back.items == first.items
        assert values(instance_list.list_instances(unit, Part(sort="-name", most=2)), "name") == ["core-4", "core-3"]
        assert (first.count, first.counted) == (5, True)


@pytest.mark.row("S3.2", "S3.3")
def test_events_requests_and_steps_are_filtered() -> None:
    """A group of kinds stands for all of its kinds; a time that is none is ignored; a serial finds a device that was removed."""
    with unit_of() as unit:
        row = add_instance(unit, add_virtual_account(unit, "Site"), "SN1", "core-1")
        add_request(unit, row, "r1")
        add_request(unit, row, "r2", state="failed")
        for kind in (EventKind.TOKEN_CREATED, EventKind.TOKEN_REVOKED, EventKind.SATELLITE_CREATED):
            record(unit, kind, kind.value, subject={}, virtual_account_id=row.virtual_account_id)
        gone = add_instance(unit, add_virtual_account(unit, "Other"), "FOC2334W0K5")
        record(unit, EventKind.INSTANCE_REMOVED, "removed", instance_id=gone.id)
        gone.removed = True
        for outcome in ("applied", "refused"):
            note_history(unit, "import", outcome, epoch=1, number=1, counts={})
        unit.session.flush()

        def found(of: Callable[[Unit, Part], Window], name: str, **filters: str) -> list[object]:
            return values(of(unit, Part(filters=filters)), name)

        group = EventKind.TOKEN_CREATED.value.partition(":")[0] + ":"
        assert found(event_log.list_event_window, "kind", kind=group) == [
            EventKind.TOKEN_REVOKED,
            EventKind.TOKEN_CREATED,
        ]
        assert len(found(event_log.list_event_window, "kind", virtual_account="Site", since="yesterday")) == 3
        assert found(event_log.list_event_window, "kind", until="2025-12-31T00:00:00Z") == []
        assert found(event_log.list_event_window, "message", q="FOC2334W0K5") == ["removed"]
        assert found(export_queue.list_queue_window, "state", state="failed", q="core") == ["failed"]


@pytest.mark.row("S3.2")
def test_alerts_are_the_open_ones_unless_all_are_asked_for() -> None:
    """A dismissed one is found among the hidden ones."""
    with unit_of() as unit:
        text = said("The last response was refused ({detail}).", detail="altered")
        wanted = Wanted("satellite_sync_failed", "site", text, "North", NOW + timedelta(days=1))
        book().reconcile(unit, [wanted], ("satellite_sync_failed",))
        unit.session.flush()
        open_now = alerts.list_alert_window(unit)
        dismiss_alert(unit, str(open_now.items[0]["id"]))
        unit.session.flush()

        assert values(open_now, "kind") == ["satellite_sync_failed"]
        assert alerts.list_alert_window(unit).items == []
        for state in ("all", "hidden", "dismissed"):
            assert values(alerts.list_alert_window(unit, Part(filters={"state": state})), "state") == ["dismissed"]


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("of", LISTS)
def test_an_unknown_order_is_refused_by_every_list(of: Callable[[Unit, Part], Window]) -> None:
    """It names the orders that there are."""
    with unit_of() as unit, pytest.raises(UnknownSortError):
        of(unit, Part(sort="shoe_size"))
