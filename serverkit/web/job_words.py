"""Runs of jobs in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serverkit.jobs.clock import NOT_NOW
from serverkit.web.sentences import Sentences
from serverkit.web.texts import Text, Words, _

BY: dict[str, Words] = {"schedule": _("the schedule"), "person": _("a person")}
"""Who started a run."""
_NOT_NOW = _("nothing ended: the clock jumped and was not confirmed")
_SENT = (_("{sent} sent, {failed} failed"),)
_SHARED: dict[str, Sequence[Text]] = {
    "clock": (
        _("nothing changed"),
        _("the clock is believed (clock {said}, licence time {kept})"),
        _("the clock is before licence time, which waits until it is passed (clock {said}, licence time {kept})"),
        _("the clock jumped forward: nothing ends until it is confirmed or set right (clock {said}, licence time {kept})"),
    ),
    "tls": (
        _("made"),
        _("renewed"),
        _("kept"),
        _("foreign"),
        _("no own certificate"),
    ),
    "webhooks": _SENT,
    "backup": (_("no schedule"), _("next {at}"), _("one is under way"), _("task {task}")),
}  # fmt: skip
"""Results that both servers have."""


def results_of(own: Mapping[str, Sequence[Text]]) -> Sentences:
    """The sentences of a server: its own and those of both; any job may say that the clock jumped."""
    assert _NOT_NOW.message == NOT_NOW  # noqa: S101 - one text in two places, of which one is for translators
    by_job = {**_SHARED, **own}
    return Sentences({name: (*said, _NOT_NOW) for name, said in by_job.items()})


def result_words(results: Sentences, job: str, detail: Any) -> Words | None:
    """What a run did; a text that is not known is shown as it is."""
    return results.find(job, str(detail)) or str(detail) if detail else None
