"""Scheduled jobs as they are listed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central.actions.jobs import list_jobs
from central.domain.access.errors import NotPermittedError
from serverkit.db.paging import Slice
from serverkit.jobs.runs import Job
from tests.unit.central.factories import NOBODY, unit_of

JOBS = tuple(Job(name, timedelta(hours=1), lambda _: "", f"do {name}") for name in ("terms", "alerts", "outbox"))


@pytest.mark.row("C1.6")
def test_jobs_are_listed_by_name_and_page_by_page() -> None:
    """Each with the slot that runs now; only the vendor sees them."""
    with unit_of() as unit:
        first = list_jobs(unit, JOBS, Slice(2))
        rest = list_jobs(unit, JOBS, Slice(2, first.next))

        assert [one["name"] for one in first.items + rest.items] == ["alerts", "outbox", "terms"]
        assert rest.next is None
        assert all(one["slot"] for one in first.items)
        unit.actor = NOBODY
        with pytest.raises(NotPermittedError):
            list_jobs(unit, JOBS)
