"""The jobs: ended terms and grants, deadlines of satellites, silent devices, alerts of the day, mail."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from central.actions.deadlines import end_overdue_satellites, end_silent_instances
from central.domain.alerts.due import due_accounts
from central.domain.alerts.services import refresh_all, refresh_due, refresh_tls, refresh_vendor
from central.domain.export_control.services import end_grants
from central.domain.instances.devices import end_restored_marks
from central.domain.ledger.services import expire_lots
from central.domain.notices.rules import MAIL
from central.domain.operations.models import ClockRow, OutboxEntry
from central.domain.operations.services import observe_clock, take_measurement
from central.runtime import Central
from serverkit.actor import SYSTEM, Actor, ActorKind
from serverkit.db.unit import DatabaseFailure, Unit
from serverkit.errors import AppError
from serverkit.jobs.clock import clock_job, unless_leapt
from serverkit.jobs.runs import Job
from serverkit.log import get_logger
from serverkit.mail.sender import compose, send
from serverkit.outbox import deliver
from serverkit.tls.names import asked_names
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import CERTIFICATE, KEY, TLS, is_there
from serverkit.tls.watch import wanted_alerts


def note_tls(server: Central) -> None:
    """Raise or clear the alerts about the TLS files as a process begins to serve: after a reload they may have changed."""
    try:
        server.database.run(SYSTEM, partial(_tls, server))
    except (AppError, DatabaseFailure) as error:  # the job comes to it later; devices are answered meanwhile
        get_logger().warning("tls_alerts_later", cause=type(error).__name__)


def _tls(server: Central, unit: Unit) -> str:
    folder, names = server.home / TLS, server.settings.server.names
    done = "no own certificate"
    if is_there(folder / CERTIFICATE) or is_there(folder / KEY):
        try:
            done = ensure_pair(folder, unit.now, [*names, *asked_names(folder, unit.now)])
        except AppError as error:
            done = error.message
    refresh_tls(unit, wanted_alerts(folder, unit.now, names, "vendor"))
    return done


def jobs_of(server: Central) -> tuple[Job, ...]:
    """The jobs of a central."""
    keyring = server.keyring

    def terms(unit: Unit) -> str:
        return f"{expire_lots(unit)} lots expired, {end_grants(unit, keyring)} grants ended"

    def deadlines(unit: Unit) -> str:
        due = due_accounts(unit)  # before what is removed can no longer be found
        removed, changed = end_overdue_satellites(unit), end_silent_instances(unit)
        end_restored_marks(unit)
        refreshed = refresh_due(unit, keyring, due)
        return f"{removed} satellites removed, {changed} instances changed, {refreshed} accounts refreshed"

    def alerts(unit: Unit) -> str:
        return f"{refresh_all(unit, keyring)} accounts refreshed"

    def send_mail(entry_id: str, mail: dict[str, Any]) -> None:
        settings = server.settings.mail
        send(settings, compose(settings, entry_id, server.clock.now(), mail["to"], mail["subject"], mail["text"]))

    def outbox() -> str:
        return deliver(server.database, OutboxEntry, Actor(ActorKind.JOB, "outbox", "job outbox"), {MAIL: send_mail})

    def nothing(_unit: Unit) -> str:
        return ""

    return (
        Job("outbox", timedelta(minutes=1), nothing, "send the mails that wait", outbox),
        clock_job(
            server.database, ClockRow, observe_clock, lambda unit: refresh_vendor(unit, keyring), take_measurement
        ),
        Job("tls", timedelta(minutes=10), partial(_tls, server), "renew the own TLS certificate, watch another's"),
        Job("terms", timedelta(hours=1), unless_leapt(terms), "take ended terms and grants out of the balance"),
        Job(
            "deadlines",
            timedelta(hours=1),
            unless_leapt(deadlines),
            "remove overdue satellites, free silent devices' licences",
        ),
        Job("alerts", timedelta(days=1), alerts, "make every account's alerts equal to state and clock"),
    )
