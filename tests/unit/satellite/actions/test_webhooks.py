"""Webhooks: news leave signed, once each or in one summary; what fails waits, ends, and is sent again when asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from satellite.actions import webhooks
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.alerts.rules import UNDELIVERED
from satellite.core.alerts.services import book, dismiss_alert
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.operations.models import Webhook, WebhookDelivery
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.alerts.engine import Severity, Wanted
from serverkit.alerts.texts import said
from serverkit.errors import InvalidInputError
from serverkit.outbox import MOST_ATTEMPTS
from serverkit.settings import WebhookSettings
from serverkit.webhooks.errors import (
    UnknownDeliveryError,
    UnknownWebhookError,
    WebhookAddressError,
    WebhookFailedError,
)
from tests.receiver import Receiver, is_signed
from tests.unit.satellite.factories import person, server_of

ACTS = webhooks.ACTS


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite whose webhooks may call this machine."""
    made = server_of(tmp_path / "home")
    allowed = WebhookSettings(allowed_networks=["127.0.0.0/8"])
    yield replace(made, settings=made.settings.model_copy(update={"webhooks": allowed}))
    made.database.dispose()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver."""
    made = Receiver()
    yield made
    made.stop()


def add(server: Satellite, url: str, **more: Any) -> dict[str, Any]:
    """A webhook."""
    with server.database.write(OPERATOR) as unit:
        return ACTS.add(server, unit, url, **more)


def happen(server: Satellite, count: int = 1, kind: EventKind = EventKind.TOKEN_CREATED) -> None:
    """Something is recorded so many times."""
    with server.database.write(SYSTEM) as unit:
        for number in range(count):
            record(unit, kind, f"token {number} created")


def deliveries(server: Satellite) -> list[dict[str, Any]]:
    """The log of deliveries."""
    with server.database.read(OPERATOR) as unit:
        return list(ACTS.list_window(unit).items)


@pytest.mark.row("B20")
def test_an_event_arrives_signed_and_once(server: Satellite, receiver: Receiver) -> None:
    """A receiver gets what happened after it was added, of the kinds that it chose, with a signature of its secret."""
    happen(server)
    made = add(server, receiver.start(), events=("token:*",), least="none")
    happen(server)
    happen(server, kind=EventKind.BACKUP_MADE)

    assert ACTS.run(server) == "1 sent, 0 failed"
    assert ACTS.run(server) == "0 sent, 0 failed"
    ((headers, body),) = receiver.got
    assert receiver.bodies[0]["type"] == "event"
    assert receiver.bodies[0]["data"]["kind"] == "token:created"
    assert receiver.bodies[0]["server"] == {"program": "satellite", "name": "North"}
    assert is_signed(headers, body, made["secret"])
    assert not is_signed(headers, body + b" ", made["secret"])
    assert [one["state"] for one in deliveries(server)] == ["sent"]


@pytest.mark.row("B20")
def test_many_events_are_one_summary(server: Satellite, receiver: Receiver) -> None:
    """A thousand events of a minute are told in one request, with how many there were of each kind."""
    add(server, receiver.start(), events=("*",), least="none")
    happen(server, 1000)
    happen(server, 2, EventKind.TOKEN_REVOKED)
    ACTS.run(server)

    (body,) = receiver.bodies
    assert body["type"] == "event.summary"
    assert body["data"]["count"] == 1003  # and the event of the webhook itself
    assert body["data"]["kinds"]["token:created"] == 1000
    assert len(body["data"]["newest"]) == 10


@pytest.mark.row("B20")
def test_alerts_from_the_least_severity_up_are_told_once(server: Satellite, receiver: Receiver) -> None:
    """An alert that is raised is told to those whose least severity it has; one that stays open is no news."""
    add(server, receiver.start(), least="major")
    wanted = [
        Wanted("clock_suspicious", "a", said("a minor thing"), "clock", severity=Severity.MINOR),
        Wanted("clock_suspicious", "b", said("a major thing"), "clock", severity=Severity.MAJOR),
    ]
    for _minute in range(2):
        with server.database.write(SYSTEM) as unit:
            book().reconcile(unit, wanted, {"clock_suspicious"})
        ACTS.run(server)

    assert {body["data"]["severity"] for body in receiver.bodies} == {"major"}
    assert [body["data"]["message"] for body in receiver.bodies].count("a major thing") == 1


def open_kinds(server: Satellite) -> set[str]:
    """The kinds of the open alerts about what no one took."""
    with server.database.read(OPERATOR) as unit:
        return {one.kind for one in book().open_ones(unit)} & UNDELIVERED


@pytest.mark.row("B20", "C10.4")
def test_a_webhook_that_takes_nothing_is_an_alert_until_it_does_or_is_removed(
    server: Satellite, receiver: Receiver
) -> None:
    """After three attempts; dismissed, it comes back when a delivery is given up; redelivery and removal end it."""
    made = add(server, receiver.start(), events=("token:created",), least="none")
    receiver.status = 500
    happen(server)
    for attempts in (1, MOST_ATTEMPTS - 1):
        with server.database.write(SYSTEM) as unit:
            unit.session.execute(update(WebhookDelivery).values(due_at=unit.now, attempts=attempts))
        ACTS.run(server)
        if attempts == 1:
            assert open_kinds(server) == set()
            with server.database.write(SYSTEM) as unit:
                unit.session.execute(update(WebhookDelivery).values(due_at=unit.now, attempts=2))
            ACTS.run(server)
            assert open_kinds(server) == {"webhook_undelivered"}
            with server.database.write(OPERATOR) as unit:
                dismiss_alert(unit, book().open_ones(unit)[0].id)
    assert open_kinds(server) == {"webhook_undelivered"}
    receiver.status = 204
    with server.database.write(OPERATOR) as unit:
        ACTS.redeliver(unit, deliveries(server)[0]["id"])
    assert open_kinds(server) == set()
    with server.database.write(SYSTEM) as unit:
        unit.session.execute(update(WebhookDelivery).values(sent_at=None, due_at=None, attempts=MOST_ATTEMPTS))
    ACTS.run(server)
    assert open_kinds(server) == {"webhook_undelivered"}
    with server.database.write(OPERATOR) as unit:
        ACTS.remove(unit, made["id"])
    assert open_kinds(server) == set()


@pytest.mark.row("B20")
def test_what_fails_is_retried_later_and_can_be_sent_again(server: Satellite, receiver: Receiver) -> None:
    """A refused delivery names its cause and is not tried before its time; redelivered, it has the same id."""
    add(server, receiver.start(), events=("token:created",), least="none")
    receiver.status = 500
    happen(server)
    ACTS.run(server)
    (first,) = deliveries(server)
    assert (first["state"], first["attempts"]) == ("waiting", 1)
    assert "500" in first["last_error"]

    receiver.status = 204
    assert ACTS.run(server) == "0 sent, 0 failed"
    with server.database.write(SYSTEM) as unit:
        unit.session.execute(update(WebhookDelivery).values(due_at=unit.now))
    assert ACTS.run(server) == "1 sent, 0 failed"
    with server.database.write(OPERATOR) as unit:
        ACTS.redeliver(unit, first["id"])
    ACTS.run(server)
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {first["id"]}
    assert len(receiver.got) == 3


@pytest.mark.row("B20")
def test_a_silent_receiver_costs_one_try_a_minute_and_is_told_in_one_summary(
    server: Satellite, receiver: Receiver
) -> None:
    """After one failure the other deliveries of the minute are not tried, and a hundred that wait are enough."""
    url = receiver.start()
    receiver.status = 503
    add(server, url, events=("token:created",), least="none")
    for _minute in range(6):
        happen(server, 20)
        ACTS.run(server)

    assert len(receiver.got) <= 6
    assert len(deliveries(server)) == 100
    with server.database.read(OPERATOR) as unit:
        assert ACTS.list_hooks(unit)[0]["waiting"] == 100


@pytest.mark.row("B20")
def test_redirects_are_not_followed(server: Satellite, receiver: Receiver) -> None:
    """A receiver that leads elsewhere has not taken the delivery."""
    url = receiver.start()
    receiver.status, receiver.extra = 302, {"Location": url}
    made = add(server, url)
    with pytest.raises(WebhookFailedError, match="redirects are not followed"):
        ACTS.test(server, OPERATOR, made["id"])
    assert len(receiver.got) == 1


@pytest.mark.row("B20")
def test_an_internal_address_is_not_called_unless_it_is_allowed(
    server: Satellite, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is checked when it is called: a name that means another address later leads to no other machine."""
    closed = replace(server, settings=server.settings.model_copy(update={"webhooks": WebhookSettings()}))
    made = add(closed, receiver.start())
    with pytest.raises(WebhookAddressError, match=r"127\.0\.0\.1 is an address of this machine"):
        ACTS.test(closed, OPERATOR, made["id"])

    asked: list[str] = []

    def resolve(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    named = add(server, "https://hooks.example.com/x")
    with pytest.raises(WebhookAddressError, match=r"169\.254\.169\.254"):
        ACTS.test(server, OPERATOR, named["id"])
    assert asked == ["hooks.example.com"]
    assert receiver.got == []


@pytest.mark.row("B20")
@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("ftp://hooks.example.com", {}),
        ("https://user:secret@hooks.example.com", {}),
        ("https://", {}),
        ("https://hooks.example.com/#x", {}),
        ("https://hooks.example.com/a b", {}),
        ("https://hooks.example.com/" + "a" * 1000, {}),
        ("https://hooks.example.com", {"events": ("no:such",)}),
        ("https://hooks.example.com", {"least": "none"}),
        ("https://hooks.example.com", {"least": "high"}),
    ],
)
def test_a_webhook_that_cannot_work_is_refused(server: Satellite, url: str, more: dict[str, Any]) -> None:
    """Addresses that are none, unknown kinds, and webhooks about nothing: nothing is kept of them."""
    with pytest.raises(InvalidInputError):
        add(server, url, **more)
    with server.database.read(OPERATOR) as unit:
        assert ACTS.list_hooks(unit) == []


@pytest.mark.row("B20")
def test_the_secret_is_shown_once_and_kept_encrypted(server: Satellite, receiver: Receiver) -> None:
    """No list, log, row or event holds the secret; who removes a webhook removes its deliveries."""
    made = add(server, receiver.start(), events=("token:created",))
    happen(server)
    ACTS.run(server)
    with server.database.read(OPERATOR) as unit:
        row = unit.session.get_one(Webhook, made["id"])
        shown = [ACTS.list_hooks(unit), ACTS.show(unit, made["id"]), row.secret, repr(row)]
    assert made["secret"] not in str([shown, deliveries(server)])
    with server.database.write(OPERATOR) as unit:
        ACTS.remove(unit, made["id"])
    with server.database.read(OPERATOR) as unit:
        assert unit.session.query(WebhookDelivery).count() == 0
        with pytest.raises(UnknownWebhookError):
            ACTS.show(unit, made["id"])
        with pytest.raises(UnknownDeliveryError):
            ACTS.show_delivery(unit, "0" * 32)


@pytest.mark.row("B20")
def test_only_administrators_see_webhooks(server: Satellite) -> None:
    """An operator neither lists nor adds them."""
    with server.database.read(person(Role.OPERATOR)) as unit, pytest.raises(NotPermittedError):
        ACTS.list_hooks(unit)
    with server.database.write(person(Role.OPERATOR)) as unit, pytest.raises(NotPermittedError):
        ACTS.add(server, unit, "https://hooks.example.com")
