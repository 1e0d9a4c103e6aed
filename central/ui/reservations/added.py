"""The step of a reservation in which licences of the device are added to the inventory first (rows C6.1, C6.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serverkit.web.answers import Shown
from serverkit.web.page import Page
from serverkit.web.refusals import reason_words
from serverkit.web.texts import Words, _
from serverkit.web.wizard import StepView

DIGITS = 10
STEP = ("inventory", _("Add to inventory"))


@dataclass
class Addition:
    """A licence that the device brings: how many units of it, where they were added, what was typed."""

    tag: str
    title: str
    description: str
    available: int
    added: bool
    elsewhere: bool
    value: str = ""
    reason: Words = ""

    @property
    def name(self) -> str:
        """The name of its field."""
        return f"add:{self.tag}"

    @property
    def open(self) -> bool:
        """Whether units of it can be added."""
        return not (self.added or self.elsewhere)


def addition_fields(page: Page, offered: Sequence[Mapping[str, Any]]) -> list[Addition]:
    """The fields of what the device brings, filled with what was sent; none where nothing is left to add."""
    rows = [
        Addition(
            one["tag"], one["name"], one["description"] or one["tag"], one["available"], one["added"], one["elsewhere"]
        )
        for one in offered
    ]
    if not any(row.open for row in rows):
        return []
    for row in rows:
        row.value = page.sent.get(row.name, "").strip() if page.url.changes and row.open else ""
    return rows


def read_additions(rows: Sequence[Addition]) -> tuple[dict[str, int], bool]:
    """What is to be added, by tag, blank fields as 0, and whether all of it can be; those that cannot say why."""
    found = {}
    for row in rows:
        text = row.value or "0"
        if not (text.isascii() and text.isdecimal()):
            row.reason = reason_words("int_parsing")
        elif len(text) > DIGITS or int(text) > row.available:
            row.reason = _("Only {most} come with the device.", most=row.available)
        elif int(text):
            found[row.tag] = int(text)
    return found, not any(row.reason for row in rows)


def kept_additions(rows: Sequence[Addition]) -> list[tuple[str, str]]:
    """What was typed, for the forms of the steps that follow."""
    return [(row.name, row.value) for row in rows if row.value]


def lines_to_add(rows: Sequence[Addition], adding: Mapping[str, int]) -> list[dict[str, Any]]:
    """What is to be added, as rows of a table."""
    ends = _("never")
    return [
        {
            "tag": row.tag,
            "name": row.title,
            "quantity": adding[row.tag],
            "ends": {ends: adding[row.tag]},
            "opened": False,
        }
        for row in rows
        if row.tag in adding
    ]


def add_options(adding: Mapping[str, int]) -> list[str]:
    """The options of the command that adds the same."""
    return [word for tag, count in adding.items() for word in ("--add", f"{tag}={count}")]


def addition_page(
    page: Page,
    rows: Sequence[Addition],
    device: Mapping[str, Any],
    steps_shown: Sequence[StepView],
    addresses: tuple[str, str],
    within: Mapping[str, Any],
) -> Shown:
    """The step; `addresses` are where its form goes and where the step before is."""
    action, back = addresses
    refused = any(row.reason for row in rows)
    hidden = [(name, text) for name, text in _carried(page) if name != "csrf_token"]
    context = {"rows": rows, "device": device, "refused": refused, "action": action, "back": back}
    return Shown(
        "reservation-inventory",
        _("Add licences of the device to inventory"),
        "reservation_inventory.html",
        {**context, "kept": [*hidden, ("request_code", device["code"])], "steps_shown": steps_shown},
        422 if refused else 200,
        **within,
    )


def _carried(page: Page) -> list[tuple[str, str]]:
    """The quantities that were typed in the step after, so that they are there again."""
    sent = page.sent.items() if page.url.changes else ()
    return [(name, text) for name, text in sent if name.startswith(("quantity:", "term:")) and text]
