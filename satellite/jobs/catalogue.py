"""The scheduled jobs of a satellite."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from satellite.actions.alerts import refresh_alerts
from satellite.actions.backups import ACTS as BACKUPS
from satellite.actions.mail import mail_alerts
from satellite.actions.silent_devices import apply_deadlines
from satellite.actions.synchronization import synchronize_if_due
from satellite.actions.syslog import forward_events
from satellite.actions.time import make_clock_job
from satellite.actions.tls import ACTS as TLS
from satellite.actions.updates import ACTS as UPDATES
from satellite.actions.webhooks import ACTS as WEBHOOKS
from satellite.runtime import Satellite
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.jobs.clock import unless_jumped
from serverkit.jobs.runs import Job


def jobs_of(server: Satellite) -> tuple[Job, ...]:
    """The jobs of a satellite."""

    def synchronize() -> str:
        return synchronize_if_due(server, Actor(ActorKind.JOB, "synchronize", "job synchronize"))

    def nothing(_unit: Unit) -> str:
        return ""

    return (
        make_clock_job(server),
        Job(
            "tls", timedelta(minutes=10), partial(TLS.refresh, server), "renew the own TLS certificate, watch another's"
        ),
        Job("synchronize", timedelta(minutes=1), nothing, "synchronize over the network when it is due", synchronize),
        Job("anchor", timedelta(minutes=1), nothing, "raise the anchor, which backups leave out", server.raise_anchor),
        Job(
            "devices",
            timedelta(hours=1),
            unless_jumped(apply_deadlines),
            "free the licences of silent devices, remove those silent for a year",
        ),
        Job("backup", timedelta(minutes=10), partial(BACKUPS.ask_if_due, server), "ask for the backup when it is due"),
        Job("update", timedelta(minutes=10), UPDATES.note_outcome, "note what became of an update"),
        Job("mail", timedelta(minutes=1), nothing, "mail new alerts", partial(mail_alerts, server)),
        Job("syslog", timedelta(minutes=1), nothing, "send events to the log server", partial(forward_events, server)),
        Job("webhooks", timedelta(minutes=1), nothing, "tell webhooks what is new", partial(WEBHOOKS.run, server)),
        Job("alerts", timedelta(hours=1), partial(refresh_alerts, server), "refresh all alerts"),
    )
