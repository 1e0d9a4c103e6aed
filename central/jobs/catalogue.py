"""The jobs: ended terms and grants, deadlines of satellites, silent devices, alerts of the day, mail."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from central.actions.alerts import refresh_alerts
from central.actions.backups import ACTS as BACKUPS
from central.actions.contract_checks import convert_in_progress
from central.actions.deadlines import apply_deadlines, end_terms
from central.actions.figures import keep_figures
from central.actions.mail import refresh_mail
from central.actions.notices import write_notices
from central.actions.report_runs import ask_due_runs
from central.actions.time import make_clock_job
from central.actions.tls import ACTS as TLS
from central.actions.updates import ACTS as UPDATES
from central.actions.webhooks import ACTS as WEBHOOKS
from central.domain.notices.rules import MAIL
from central.domain.operations.models import OutboxEntry
from central.runtime import Central
from serverkit.actor import SYSTEM, Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.jobs.clock import NOT_NOW, unless_jumped
from serverkit.jobs.runs import Job
from serverkit.mail.sender import compose, send
from serverkit.outbox import deliver


def jobs_of(server: Central) -> tuple[Job, ...]:
    """The jobs of a central."""
    keyring = server.keyring

    def send_mail(entry_id: str, mail: dict[str, Any]) -> None:
        settings = server.settings.mail
        send(settings, compose(settings, entry_id, server.clock.now(), mail["to"], mail["subject"], mail["text"]))

    def outbox() -> str:
        actor = Actor(ActorKind.JOB, "outbox", "job outbox")
        said = deliver(server.database, OutboxEntry, actor, {MAIL: send_mail})
        server.database.run(actor, partial(refresh_mail, keyring))
        return said

    def notices() -> str:
        return write_notices(server)

    def reports() -> str:
        return ask_due_runs(server)

    def conversions() -> str:
        with server.database.read(SYSTEM) as unit:
            may = unit.may_end
        return convert_in_progress(server) if may else NOT_NOW

    def nothing(_unit: Unit) -> str:
        return ""

    return (
        Job("outbox", timedelta(minutes=1), nothing, "send the mails that wait", outbox),
        Job("notices", timedelta(minutes=1), nothing, "write mails about accounts, and summaries", notices),
        Job("webhooks", timedelta(minutes=1), nothing, "tell webhooks what is new", partial(WEBHOOKS.run, server)),
        Job("backup", timedelta(minutes=10), partial(BACKUPS.ask_if_due, server), "ask for the backup when it is due"),
        Job("update", timedelta(minutes=10), UPDATES.note_outcome, "note what became of an update"),
        Job("reports", timedelta(minutes=1), nothing, "run the reports whose schedule is due", reports),
        Job(
            "figures", timedelta(minutes=1), nothing, "add up the licences that changed", partial(keep_figures, server)
        ),
        make_clock_job(server),
        Job(
            "tls", timedelta(minutes=10), partial(TLS.refresh, server), "renew the own TLS certificate, watch another's"
        ),
        Job(
            "terms",
            timedelta(hours=1),
            unless_jumped(partial(end_terms, keyring)),
            "take ended terms and grants out of the balance",
        ),
        Job(
            "deadlines",
            timedelta(hours=1),
            unless_jumped(partial(apply_deadlines, keyring)),
            "remove overdue satellites, free silent devices' licences",
        ),
        Job(
            "conversions",
            timedelta(minutes=1),
            nothing,
            "look up service contracts that wait, convert the classic licences whose conversion is in progress",
            conversions,
        ),
        Job(
            "alerts",
            timedelta(days=1),
            partial(refresh_alerts, keyring),
            "make every account's alerts equal to state and clock",
        ),
    )
