"""Every step of synchronization, and every cause that can stop one (row S2.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from satellite.actions.synchronization import list_causes, list_history
from satellite.core.site.causes import of_step
from satellite.ui.files import carried
from satellite.ui.sync.frame import CRUMBS, sync_page, tabs_for
from satellite.ui.sync.remedies import PLACES
from serverkit.web.answers import Answer
from serverkit.web.console import Severity
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Column,
    Empty,
    Figure,
    Filter,
    Ident,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
    from_list,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url

STEPS: dict[str, StateWords] = {
    "authorization": StateWords(_("authorization applied")),
    "export": StateWords(_("request made")),
    "import": StateWords(_("response brought back")),
    "network": StateWords(_("over the network")),
}
OUTCOMES: dict[str, StateWords] = {
    "applied": StateWords(_("applied")),
    "made": StateWords(_("made")),
    "synchronized": StateWords(_("synchronized")),
    "refused": StateWords(_("refused"), Severity.MINOR),
    "failed": StateWords(_("failed"), Severity.MINOR),
}


def causes_of(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps with the cause of a failure in words beside its code."""
    found = []
    for one in items:
        code = one["detail"].partition(": ")[0]
        cause, more = of_step(one["detail"])
        words: Words = cause.meaning if cause is not None else more or code
        small = ", ".join(word for word in (more if cause is not None else "", code) if word)
        found.append({**one, "code": code, "cause": words, "more": small})
    return found


def history_rows(page: Page, wanted: Wanted) -> Rows:
    """The steps that are wanted."""
    return from_list(HISTORY, causes_of(list_history(page.unit)), wanted)


def _choices(states: dict[str, StateWords]) -> tuple[Choice, ...]:
    return tuple(Choice(name, one.words) for name, one in states.items())


HISTORY = Table(
    "sync-history",
    _("History"),
    "/sync/history",
    (
        Moment("at", _("Time"), sort=True, fixed=True, phone=True),
        State("step", _("Step"), STEPS, sort=True, phone=True),
        Figure("sequence", _("Number"), sort=True),
        State("outcome", _("Outcome"), OUTCOMES, sort=True, phone=True),
        Column("counts", _("Carried"), value=lambda one: carried(one["counts"]) if one["counts"] else None),
        Column("cause", _("Cause"), phone=True, sub="more"),
        Ident("code", _("Code"), shown=False),
        Figure("epoch", _("Epoch"), sort=True, shown=False),
    ),
    history_rows,
    sort="-at",
    filters=(
        Filter("step", _("Step"), choices=_choices(STEPS)),
        Filter("outcome", _("Outcome"), choices=_choices(OUTCOMES)),
        Filter("q", _("Cause"), "text", on=("cause", "code", "more")),
    ),
    empty=Empty(
        _("Nothing was synchronized yet"), _("Each request, response and attempt over the network is written here.")
    ),
)


def show_history(page: Page) -> Answer:
    """The list."""
    context = {"tabs_": tabs_for(page), "tab": "history"}
    return table_page(
        page, HISTORY, template="sync_history.html", context=context, help="synchronization", crumbs=CRUMBS, nav="sync"
    )


def show_causes(page: Page) -> Answer:
    """Every cause."""
    return sync_page(page, "causes", _("Causes"), "sync_causes.html", {"causes": list_causes(), "places": PLACES})


URLS = (
    Url("GET", "/sync/history", show_history, SIGNED_IN, "S2.2", table=HISTORY),
    Url("GET", "/sync/causes", show_causes, SIGNED_IN, "S2.2"),
)
