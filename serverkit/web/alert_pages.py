"""Pages of alerts, alike in both consoles: the list, and dismissing, putting off and restoring one or many (rows S3.2, C10.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import BaseModel

from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Filter, Item, Moment, Rows, State, StateWords, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url, filled

SEVERITIES = {
    "major": StateWords(_("Major"), Severity.MAJOR),
    "minor": StateWords(_("Minor"), Severity.MINOR),
    "informational": StateWords(_("Informational"), Severity.INFO),
}
STATES = {
    "open": StateWords(_("Open")),
    "reminded": StateWords(_("Put off")),
    "dismissed": StateWords(_("Dismissed")),
    "cleared": StateWords(_("Over")),
}
TEXT = Filter("q", _("Text or source"), "text", on=("message", "source"))
SEVERITY = Filter("severity", _("Severity"), choices=tuple(Choice(name, one.words) for name, one in SEVERITIES.items()))
STATE = Filter(
    "state",
    _("State"),
    choices=(Choice("hidden", _("dismissed and put off")), Choice("cleared", _("over"))),
    usual=_("open"),
    test=lambda _item, _value: True,
)
"""The list of alerts is asked for by state: a row in memory always passes."""
Place: TypeAlias = tuple[Words, str]
"""Where the condition of an alert is changed: what to do, and the address."""
Change: TypeAlias = Callable[[Page, str], Any]
"""Changes the alert of an id."""


def what_to_do(page: Page, place: Place | None) -> tuple[str | None, str | None]:
    """What can be done about an alert, and the address where the person may open it."""
    if place is None:
        return None, None
    words, path = place
    return str(words), path if page.may_open(path) else None


def with_place(page: Page, item: Item, place: Place | None) -> Item:
    """An alert with what the column "what to do" shows."""
    words, path = what_to_do(page, place)
    return {**item, "next": words, "next_path": path}


def is_open(item: Item) -> bool:
    """Whether an alert is listed where no state is chosen."""
    return bool(item["state"] == "open")


def is_hidden(item: Item) -> bool:
    """Whether a person dismissed an alert or put it off."""
    return item["state"] in {"reminded", "dismissed"}


def not_dismissed(item: Item) -> Words | None:
    """Why an alert cannot be dismissed."""
    if "dismiss" not in item["actions"]:
        return _("It stays until its condition ends.")
    return None if item["state"] in {"open", "reminded"} else _("It is not open.")


def not_put_off(item: Item) -> Words | None:
    """Why an alert cannot be put off."""
    if "remind" not in item["actions"]:
        return _("It has no later step.")
    return None if item["state"] == "open" else _("It is not open.")


def not_restored(item: Item) -> Words | None:
    """Why an alert cannot be restored."""
    return None if is_hidden(item) else _("It is neither dismissed nor put off.")


@dataclass(frozen=True)
class _Verb:
    """One thing that a person does with alerts: its words, and why it cannot be."""

    name: str
    label: Words
    title: Words
    effect: Words
    each: Words
    done: Words
    why: Callable[[Item], Words | None]
    fits: Callable[[Item], bool]


VERBS = (
    _Verb(
        "dismiss",
        _("Dismiss"),
        _("Dismiss alert"),
        _("It stays hidden until its condition ends and recurs."),
        _("dismissed"),
        _("Alert dismissed. It is listed with the dismissed ones."),
        not_dismissed,
        is_open,
    ),
    _Verb(
        "remind",
        _("Remind later"),
        _("Remind later"),
        _("The alert returns at its next stage, or after half of the remaining time."),
        _("put off"),
        _("Alert put off. It is listed with those that were put off."),
        not_put_off,
        is_open,
    ),
    _Verb(
        "restore",
        _("Restore"),
        _("Restore alert"),
        _("It is shown again with the open ones."),
        _("restored"),
        _("Alert restored."),
        not_restored,
        is_hidden,
    ),
)


@dataclass(frozen=True)
class AlertPages:
    """The alerts of a console.

    `path` is the address of the list, whose parts in braces every row has as members; `rows` gives the rows, each as
    `with_place` makes it. `find` gives the alert of an address, `changes` the use cases by `dismiss`, `remind` and
    `restore`. `more` is what the template of the list needs beside the rows.
    """

    path: str
    row: str
    permission: StrEnum
    help: str
    rows: Callable[[Page, Wanted], Rows]
    filters: Sequence[Filter]
    kind_words: Callable[[Item], Words]
    empty: Words
    find: Callable[[Page], dict[str, Any]]
    changes: dict[str, Change]
    template: str = "table.html"
    more: Callable[[Page], dict[str, Any]] = lambda _page: {}

    def table(self) -> Table:
        """The list."""
        return Table(
            "alerts",
            _("Alerts"),
            self.path,
            (
                Column("message", _("What"), fixed=True, phone=True, sub=self.kind_words),
                State("severity", _("Severity"), SEVERITIES, sort=True, phone=True),
                Column("next", _("What to do"), link=lambda one: one["next_path"], phone=True),
                Column("source", _("Source"), sort=True),
                Moment("action_due", _("Action due"), sort=True),
                Moment("raised_at", _("Raised"), sort=True, shown=False),
                State("state", _("State"), STATES, shown=False),
                Moment("remind_at", _("Comes back"), shown=False),
            ),
            self.rows,
            sort="severity",
            filters=self.filters,
            acts=tuple(Act(one.label, self._address(one), self.permission, one.why, fits=one.fits) for one in VERBS),
            bulk=tuple(self._bulk(one) for one in VERBS),
            empty=Empty(_("Nothing asks for attention"), self.empty),
        )

    def urls(self, table: Table) -> tuple[Url, ...]:
        """The list, and for each verb a page that says what it does and the change itself."""

        def listed(page: Page) -> Answer:
            return table_page(page, table, template=self.template, context=self.more(page), help=self.help)

        found = [Url("GET", self.path, listed, SIGNED_IN, self.row, table=table)]
        for one in VERBS:
            path = f"{self.path}/{{id}}/{one.name}"
            found += [
                Url("GET", path, self._asks(one), self.permission, self.row, load=self.find),
                Url("POST", path, self._does(one), self.permission, self.row, load=self.find, twin=f"{one.name}_alert"),
            ]
        return (*found, *bulk_urls(table))

    def _address(self, verb: _Verb) -> Callable[[Item], str]:
        return lambda item: filled(f"{self.path}/{{id}}/{verb.name}", item)

    def _bulk(self, verb: _Verb) -> Bulk:
        def judge(_page: Page, items: Sequence[Item], _read: Any) -> list[Judged]:
            return [Judged(one["id"], one["message"], verb.why(one)) for one in items]

        def act(page: Page, item: Item, _read: Any) -> Words:
            self.changes[verb.name](page, item["id"])
            return verb.each

        return Bulk(verb.name, verb.label, self.permission, judge, act, self.row)

    def _asks(self, verb: _Verb) -> Callable[[Page], Answer]:
        def ask(page: Page) -> Answer:
            root = filled(self.path, page.parts)
            view = Form(BaseModel, verb.title).view(page, f"{root}/{page.thing['id']}/{verb.name}", cancel=root)
            context = {
                "view": view,
                "effect": verb.effect,
                "effects": (),
                "about": ((_("Alert"), page.thing["message"]),),
            }
            return Shown(
                f"alert-{verb.name}",
                verb.title,
                "confirm.html",
                context,
                crumbs=((_("Alerts"), root),),
                nav="alerts",
                help=self.help,
            )

        return ask

    def _does(self, verb: _Verb) -> Callable[[Page], Answer]:
        def do(page: Page) -> Answer:
            self.changes[verb.name](page, page.thing["id"])
            return Moved(filled(self.path, page.parts), verb.done)

        return do
