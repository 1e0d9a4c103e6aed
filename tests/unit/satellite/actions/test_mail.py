"""Mail about alerts and events for a log server: what fails is named, waits, and holds nothing up."""

from __future__ import annotations

import json
import logging
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import update

from satellite.actions import mail, syslog
from satellite.actions.event_log import list_events
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.alerts.models import Alert
from satellite.core.alerts.services import book
from satellite.core.operations.models import OutboxEntry
from satellite.core.settings.models import StoredSetting
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.errors import AppError, InvalidInputError
from serverkit.mail.sender import MailFailedError, MailOffError
from serverkit.syslog.errors import SyslogFailedError, SyslogOffError
from serverkit.syslog.messages import Message, encode, framed
from serverkit.tls.own import ensure_pair
from tests.mailbox import Box, free_port
from tests.unit.satellite.factories import person, server_of

SECRET = "pass-word-of-the-mail-server"
AT = datetime(2027, 3, 1, 9, 12, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite that was set up."""
    made = server_of(tmp_path / "home")
    yield made
    made.database.dispose()


@pytest.fixture
def box() -> Iterator[Controller]:
    """A mail server of this machine."""
    found = Controller(Box(), hostname="127.0.0.1", port=free_port())
    found.start()
    yield found
    found.stop()


def set_mail(server: Satellite, port: int, **changes: Any) -> None:
    """Settings of a mail server on this machine."""
    plan = {"host": "127.0.0.1", "port": port, "security": "none", "recipients": ["ops@site.example"], **changes}
    with server.database.write(OPERATOR) as unit:
        mail.change_mail(server, unit, plan, SECRET)


def alert(server: Satellite, kind: str, text: str) -> None:
    """An alert that is raised now."""
    with server.database.write(SYSTEM) as unit:
        book().reconcile(unit, [Wanted(kind, "k", said("{text}", text=text), "Site")], (kind,))


@pytest.mark.row("S3.4")
def test_new_alerts_are_mailed_once_and_old_or_lesser_ones_are_not(server: Satellite, box: Controller) -> None:
    """One mail names what was raised since the last one; names with line ends break no header."""
    alert(server, "trust_expiring", "from before")
    set_mail(server, box.port)
    alert(server, "satellite_sync_failed", "a minor one")
    alert(server, "clock_suspicious", "the clock\njumped <script>")
    mail.mail_alerts(server)
    mail.mail_alerts(server)
    with server.database.read(OPERATOR) as unit:
        shown = mail.show_mail(unit)
    [found] = box.handler.mails

    assert found["To"] == "ops@site.example"
    assert found["Subject"] == "North: the clock jumped <script>"
    assert "clock" in str(found.get_payload())
    assert "minor one" not in found.as_bytes().decode()
    assert [one["state"] for one in shown["items"]] == ["sent"]


@pytest.mark.row("S3.4", "C10.4")
def test_mail_that_no_server_takes_is_an_alert_until_the_settings_are_right(server: Satellite, box: Controller) -> None:
    """After three attempts; what waits is tried at once with new settings, and dropped for anyone who is no recipient any more."""
    set_mail(server, 1, recipients=["ops@site.example", "gone@site.example"])
    alert(server, "clock_suspicious", "the clock jumped")
    for _ in range(3):
        mail.mail_alerts(server)
        with server.database.write(SYSTEM) as unit:
            unit.session.execute(update(OutboxEntry).values(due_at=unit.now))
    with server.database.read(OPERATOR) as unit:
        assert {one.kind for one in book().open_ones(unit)} - {"clock_suspicious"} == {"mail_undelivered"}
    set_mail(server, box.port)
    mail.mail_alerts(server)
    with server.database.read(OPERATOR) as unit:
        assert {one.kind for one in book().open_ones(unit)} - {"clock_suspicious"} == set()

    assert [one["To"] for one in box.handler.mails] == ["ops@site.example"]


@pytest.mark.row("S3.4")
def test_an_alert_is_mailed_whatever_the_clock_said_when_it_was_raised(
    server: Satellite,
) -> None:
    """One that was raised at the moment of the last one, or before it by a clock that was set back, is told once as well."""
    set_mail(server, 25)
    moments = (AT, AT, AT - timedelta(days=9), AT + timedelta(days=9))
    told = []
    for number, moment in enumerate(moments):
        with server.database.write(SYSTEM) as unit:
            text = said("{text}", text=str(number))
            book().reconcile(unit, [Wanted("clock_suspicious", str(number), text, "Site")], ())
            unit.session.execute(update(Alert).where(Alert.key == str(number)).values(raised_at=moment))
        with server.database.write(SYSTEM) as unit:
            told.append(mail.queue_alert_mails(unit))
    with server.database.write(SYSTEM) as unit:
        again = mail.queue_alert_mails(unit)

    assert told == ["1 mail"] * 4
    assert again == ""


@pytest.mark.row("S3.4")
def test_a_mail_server_that_is_away_is_named_and_its_mail_waits(
    server: Satellite, caplog: pytest.LogCaptureFixture
) -> None:
    """The test says what failed and why; the outbox says it too; no text, log or event has the password."""
    caplog.set_level(logging.DEBUG)
    set_mail(server, free_port(), user="perigee", security="starttls")
    with pytest.raises(MailFailedError, match=r"connection: nothing listens on 127\.0\.0\.1:\d+"):
        mail.send_test_mail(server, OPERATOR)
    alert(server, "clock_suspicious", "the clock jumped")
    assert mail.mail_alerts(server).endswith("1 failed")
    with server.database.write(OPERATOR) as unit:
        shown, events = mail.show_mail(unit), list_events(unit)
        kept = unit.session.get(StoredSetting, "mail")
        raw = json.dumps(kept.content) + kept.secret if kept is not None else ""
        mail.change_mail(server, unit, {"least": "minor"}, None)
        assert mail.show_mail(unit)["password_set"]
        mail.change_mail(server, unit, {"user": ""}, None)
        assert not mail.show_mail(unit)["password_set"]
    assert shown["items"][0]["state"] == "waiting"
    assert "nothing listens on" in shown["items"][0]["last_error"]
    assert SECRET not in json.dumps(shown) + json.dumps(events, default=str) + raw + caplog.text


@pytest.mark.row("S3.4")
def test_a_password_with_an_umlaut_is_named_and_holds_no_other_mail_up(server: Satellite) -> None:
    """SMTP signs in with ASCII: what cannot be sent is said by the test and the outbox, without the password."""
    found = Controller(
        Box(),
        hostname="127.0.0.1",
        port=free_port(),
        auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=True),
    )
    found.start()
    try:
        set_mail(server, found.port, user="perigee")
        with server.database.write(OPERATOR) as unit:
            mail.change_mail(server, unit, {}, "pässwort-of-the-site")
        with pytest.raises(MailFailedError, match="sign-in: user name and password may contain ASCII") as refused:
            mail.send_test_mail(server, OPERATOR)
        alert(server, "clock_suspicious", "the clock jumped")
        assert mail.mail_alerts(server).endswith("0 sent, 1 failed")
    finally:
        found.stop()
    assert "pässwort" not in refused.value.message


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    "changes",
    [
        {"host": "mail.example:25"},
        {"host": "no host"},
        {"port": 0},
        {"recipients": ["nobody"]},
        {"recipients": ["a@b.example"] * 21},
        {"sender": "x"},
        {"authorities": "no certificate"},
        {"security": "maybe"},
    ],
)
def test_settings_of_mail_that_cannot_be_are_refused(server: Satellite, changes: dict[str, Any]) -> None:
    """The message names the field; nothing changes."""
    with server.database.write(OPERATOR) as unit:
        with pytest.raises(InvalidInputError, match=next(iter(changes))):
            mail.change_mail(server, unit, changes)
        assert mail.show_mail(unit)["host"] == ""


class LogSink:
    """A log server of this machine that keeps what it hears."""

    def __init__(self, transport: str, context: ssl.SSLContext | None = None) -> None:
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(10)
        self.port = int(self.socket.getsockname()[1])
        self.heard = b""
        self._context = context
        if kind == socket.SOCK_STREAM:
            self.socket.listen()
            self._thread = Thread(target=self._listen, daemon=True)
            self._thread.start()

    def _listen(self) -> None:
        with suppress(OSError):
            self._hear()

    def _hear(self) -> None:
        with self.socket:
            plain, _ = self.socket.accept()
        plain.settimeout(10)
        with self._context.wrap_socket(plain, server_side=True) if self._context is not None else plain as found:
            while data := found.recv(65536):
                self.heard += data

    def messages(self) -> list[str]:
        """The messages, each by the length before it."""
        self._thread.join(10)
        found, data = [], self.heard
        while data:
            length, _, rest = data.partition(b" ")
            found.append(rest[: int(length)].decode())
            data = rest[int(length) :]
        return found


def set_syslog(server: Satellite, **changes: Any) -> None:
    """Settings of a log server on this machine."""
    with server.database.write(OPERATOR) as unit:
        syslog.change_syslog(unit, {"host": "127.0.0.1", **changes})


@pytest.mark.row("S3.4")
def test_events_go_to_the_log_server_in_order_once_it_is_there(server: Satellite) -> None:
    """While it is away they wait and the reason is shown; each then arrives once, in the form of RFC 5424."""
    set_syslog(server, transport="tcp", port=free_port())
    with server.database.write(OPERATOR) as unit:
        mail.change_mail(server, unit, {"least": "minor"})
    with pytest.raises(SyslogFailedError, match="connection: nothing listens on"):
        syslog.send_test_message(server, OPERATOR)
    assert "nothing listens" in syslog.forward_events(server)
    with server.database.read(OPERATOR) as unit:
        away = syslog.show_syslog(unit)
    sink = LogSink("tcp")
    with server.database.write(OPERATOR) as unit:
        syslog.change_syslog(unit, {"port": sink.port})
    syslog.forward_events(server)
    found = sink.messages()
    with server.database.read(OPERATOR) as unit:
        there = syslog.show_syslog(unit)

    assert away["waiting"] >= 1
    assert "nothing listens" in away["error"]
    assert (there["waiting"], there["error"]) == (0, "")
    numbers = [int(re.findall(r'number="(\d+)"', one)[0]) for one in found]
    assert numbers == sorted(set(numbers))
    assert all(
        re.match(r"<133>1 \d{4}-\S+Z \S+ perigee-satellite - settings:changed \[event@32473 ", one) for one in found
    )
    assert syslog.forward_events(server) == ""


@pytest.mark.row("S3.4")
def test_a_log_server_behind_tls_must_show_a_certificate_that_is_trusted(server: Satellite, tmp_path: Path) -> None:
    """Without its authority the test says that the certificate is not trusted; with it the message arrives."""
    ensure_pair(tmp_path / "tls", datetime.now(UTC), ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls" / "server.crt", tmp_path / "tls" / "server.key")
    set_syslog(server, transport="tls", port=LogSink("tcp", context).port)
    with pytest.raises(SyslogFailedError, match=r"encryption: the certificate of .* is not trusted"):
        syslog.send_test_message(server, OPERATOR)
    sink = LogSink("tcp", context)
    set_syslog(server, port=sink.port, authorities=(tmp_path / "tls" / "server.crt").read_text("ascii"))
    assert syslog.send_test_message(server, OPERATOR)["sent"]
    assert "Messages of this satellite arrive." in sink.messages()[0]
    udp = LogSink("udp")
    set_syslog(server, transport="udp", port=udp.port)
    assert syslog.send_test_message(server, OPERATOR)["sent"]
    with udp.socket:
        assert udp.socket.recv(4096).startswith(b"<133>1 ")
    set_syslog(server, port=free_port())
    with pytest.raises(SyslogFailedError, match="nothing listens"):
        syslog.send_test_message(server, OPERATOR)


@pytest.mark.row("S3.4")
def test_a_message_has_the_form_of_rfc_5424_whatever_it_says() -> None:
    """Line ends, quotes and brackets forge nothing; a long text is cut between two letters."""
    evil = Message(AT, "instance:added now", "sw\n<13>1 forged", {"actor": 'a"] b\\', "x y": "\x00"})
    long = encode(Message(AT, "k", "ü" * 5000), 16, "host", "p", 1001)

    assert encode(evil, 16, "ho st", "p") == (
        b"<133>1 2027-03-01T09:12:00Z ho-st p - instance:added-now "
        b'[event@32473 actor="a\\"\\] b\\\\" x-y=" "] \xef\xbb\xbfsw <13>1 forged'
    )
    assert len(long) <= 1001
    assert long.decode().endswith("ü")
    assert framed(b"abc") == b"3 abc"


@pytest.mark.row("S3.4")
def test_only_administrators_see_and_change_mail_and_log_server(server: Satellite) -> None:
    """Off as long as nothing is set."""
    with pytest.raises(MailOffError):
        mail.send_test_mail(server, OPERATOR)
    with pytest.raises(SyslogOffError):
        syslog.send_test_message(server, OPERATOR)
    assert (mail.mail_alerts(server), syslog.forward_events(server)) == ("", "")
    for work in (mail.send_test_mail, syslog.send_test_message):
        with pytest.raises(NotPermittedError):
            work(server, person(Role.OPERATOR))
    with server.database.write(person(Role.OPERATOR)) as unit:
        for act in (
            lambda: mail.show_mail(unit),
            lambda: mail.change_mail(server, unit, {}),
            lambda: syslog.show_syslog(unit),
            lambda: syslog.change_syslog(unit, {}),
        ):
            with pytest.raises(NotPermittedError):
                act()
    with server.database.write(OPERATOR) as unit, pytest.raises(AppError):
        syslog.change_syslog(unit, {"facility": 24})
