"""Use cases of the log server: every event goes there in its order, and a server that is away holds nothing up (row S3.4)."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import func, select

from satellite.actions.mail import MOST_AUTHORITIES, Authorities, Host
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.event_log.models import Event
from satellite.core.settings import services as stored
from satellite.runtime import Satellite
from serverkit.actor import Actor, ActorKind
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.stored_settings import Stored, checked
from serverkit.syslog import sender
from serverkit.syslog.errors import SyslogOffError
from serverkit.syslog.messages import Message
from serverkit.syslog.sender import PORTS, LogServer

PROGRAM = "perigee-satellite"
AT_ONCE, MOST_PARTS = 500, 20
STATE = "syslog_state"


class SyslogPlan(Stored):
    """The log server; without `host` nothing is sent. `port` 0 stands for the usual one of the transport."""

    host: Host = Field(default="", max_length=253)
    port: int = Field(default=0, ge=0, le=65_535)
    transport: Literal["udp", "tcp", "tls"] = "udp"
    authorities: Authorities = Field(default="", max_length=MOST_AUTHORITIES)
    facility: int = Field(default=16, ge=0, le=23)

    @property
    def server(self) -> LogServer:
        """As the sender takes it."""
        port = self.port or PORTS[self.transport]
        return LogServer(self.host, port, self.transport, self.authorities, self.facility)


class _State(Stored):
    upto: int = 0
    sent_at: str = ""
    failed_at: str = ""
    error: str = ""


def show_syslog(unit: Unit) -> dict[str, Any]:
    """Show the log server, how many events wait, and how the last sending went."""
    require(unit, Permission.SITE_MANAGE)
    plan, state = stored.read(unit, stored.SYSLOG, SyslogPlan), stored.read(unit, STATE, _State)
    waiting = select(func.count()).select_from(Event).where(Event.number > state.upto)
    return {
        **plan.model_dump(),
        "usual_port": PORTS[plan.transport],
        "waiting": int(unit.session.scalar(waiting) or 0) if plan.host else 0,
        "sent_at": state.sent_at or None,
        "failed_at": state.failed_at or None,
        "error": state.error,
    }


def change_syslog(unit: Unit, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change the log server; events from before it was set are not sent. InvalidInputError."""
    present = stored.read(unit, stored.SYSLOG, SyslogPlan)
    plan = checked(SyslogPlan, {**present.model_dump(), **changes})
    newest = int(unit.session.scalar(select(func.max(Event.number))) or 0)
    stored.change(unit, stored.SYSLOG, plan)
    if plan.host and not present.host:
        stored.keep(unit, STATE, _State(upto=newest))
    return show_syslog(unit)


def send_test_message(server: Satellite, actor: Actor) -> dict[str, Any]:
    """Send a message that says only that it arrives; SyslogFailedError says what failed and why."""
    with server.database.read(actor) as unit:
        require(unit, Permission.SITE_MANAGE)
        plan, now = stored.read(unit, stored.SYSLOG, SyslogPlan), unit.now
    if not plan.host:
        raise SyslogOffError
    target = plan.server
    sender.send(target, PROGRAM, socket.gethostname(), [Message(now, "test", "Messages of this satellite arrive.")])
    return {"host": target.host, "port": target.port, "transport": target.transport, "sent": True}


def forward_events(server: Satellite) -> str:
    """Send the events that were not sent yet, outside of any transaction; the result of the job."""
    actor = Actor(ActorKind.JOB, "syslog", "job syslog")
    sent = 0
    for _part in range(MOST_PARTS):
        with server.database.read(actor) as unit:
            plan, state = stored.read(unit, stored.SYSLOG, SyslogPlan), stored.read(unit, STATE, _State)
            query = select(Event).where(Event.number > state.upto).order_by(Event.number).limit(AT_ONCE)
            found = [(row.number, _message(row)) for row in unit.session.scalars(query)] if plan.host else []
        if not found:
            break
        error = ""
        try:
            sender.send(plan.server, PROGRAM, socket.gethostname(), [message for _, message in found])
        except AppError as failure:
            error = failure.message
        upto = found[-1][0]

        def note(unit: Unit, error: str = error, upto: int = upto) -> None:
            last = stored.read(unit, STATE, _State)
            changes = (
                {"failed_at": iso(unit.now)} if error else {"upto": max(last.upto, upto), "sent_at": iso(unit.now)}
            )
            stored.keep(unit, STATE, last.model_copy(update={**changes, "error": error}))

        server.database.run(actor, note)
        if error:
            return f"{sent} sent; {error}"
        sent += len(found)
    return f"{sent} sent" if sent else ""


def _message(row: Event) -> Message:
    facts = {"id": row.id, "number": str(row.number), "actor": row.actor}
    if row.instance_id:
        facts["instance"] = row.instance_id
    return Message(row.at, row.kind, row.message, facts)
