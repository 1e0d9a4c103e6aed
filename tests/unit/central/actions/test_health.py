"""What central checks of itself, beside what `/readyz` looks at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from central.actions import health
from central.domain.operations.models import JobRun, OutboxEntry
from central.settings import CentralSettings, MailSettings
from serverkit.outbox import put
from serverkit.verdicts import Outcome
from tests.unit.central.factories import unit_of


@pytest.mark.row("B8")
def test_a_silent_scheduler_and_mail_that_does_not_leave_are_found() -> None:
    """A run by hand is no sign of the scheduler; a mail that was given up is a failure, one that waits again a warning."""
    server: Any = SimpleNamespace(settings=CentralSettings(mail=MailSettings(host="mail.example")))
    with unit_of() as unit:
        values = {"state": "done", "started": unit.now, "finished": unit.now, "detail": ""}
        unit.session.add(JobRun(job="outbox", slot="manual-1", **values))
        unit.session.flush()
        assert health._scheduler(unit).outcome is Outcome.WARN
        unit.session.add(JobRun(job="outbox", slot="2026", **values))
        unit.session.flush()
        assert (health._scheduler(unit).outcome, health._mail(server, unit).outcome) == (Outcome.PASS, Outcome.PASS)
        row = put(unit, OutboxEntry, "mail", {"to": "a@x.example", "subject": "", "text": ""})
        row.attempts = 3
        unit.session.flush()
        assert health._mail(server, unit).outcome is Outcome.WARN
        row.due_at = None
        unit.session.flush()
        assert health._mail(server, unit).outcome is Outcome.FAIL
