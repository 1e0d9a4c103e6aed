"""Changing many rows at once: first a preview that judges them, then the change, with a result for each row.

Of a large selection a part is previewed at a time, and the change is a task; each row is judged again when it is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from serverkit.errors import NotFoundError
from serverkit.web.answers import Answer, Moved, Shown, Unchanged
from serverkit.web.bulk import AT_ONCE, Bulk
from serverkit.web.bulk_work import change_rows, wanted_of
from serverkit.web.errors import SelectionChangedError
from serverkit.web.form_reading import read_form
from serverkit.web.forms import Form
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.selection import Selection, read_rows, selection_of
from serverkit.web.tables import Table
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import SIGNED_IN, Url

BULK_BYTES = 256 * 1024
LISTED = 500
"""How many rows a preview judges at a time."""
PREVIEWED, ALL_KEYS, FROM = "previewed", "all_keys", "from"
"""The fields of a preview: for which values of the form and for which of all rows it was made, and from which row on."""


def bulk_urls(table: Table) -> list[Url]:
    """The addresses of a table's bulk changes: POST previews, POST with `step=act` acts on what was previewed."""

    def url(one: Bulk) -> Url:
        return Url(
            "POST",
            f"{table.path}/bulk/{one.name}",
            lambda page: _bulk(page, table.at(page.parts), one),
            one.permission,
            one.row,
            again=lambda page: _preview(page, table.at(page.parts), one),
            most_bytes=BULK_BYTES,
            grade=one.grade,
            several=("key", *(one.form.model.model_fields if one.form is not None else ())),
            bulk=(table, one),
        )

    return [url(one) for one in table.bulk]


def _bulk(page: Page, table: Table, bulk: Bulk) -> Answer:
    if page.sent.get("step") != "act":
        return _preview(page, table, bulk)
    selection = selection_of(page, table)
    if selection.all and page.sent.get(ALL_KEYS, "") != selection.digest:
        raise SelectionChangedError
    read, refusal = _read(page, bulk)
    if refusal is not None or not selection.keys:
        return _preview(page, table, bulk)
    if page.sent.get(PREVIEWED, "") != _values(read):
        return _preview(page, table, bulk, changed=True)
    if page.console.works is not None and len(selection.keys) > AT_ONCE:
        made = page.console.works.begin(page.unit, wanted_of(page, table, bulk, selection, read))
        return Moved(f"/bulk/{made}")
    return _result(page, table, bulk, selection, read)


def _read(page: Page, bulk: Bulk) -> tuple[Any, Refusal | None]:
    """What the form of the change says, or why it cannot be read."""
    if bulk.form is None or not page.sent.get("step"):
        return None, None
    try:
        return read_form(bulk.form.model, _own_fields(page, bulk.form)), None
    except page.console.roots as error:
        return None, Refusal.of(error)


def _values(read: Any) -> str:
    """What was read from the form, to compare what is sent with what was previewed."""
    return read.model_dump_json() if read is not None else ""


def _preview(page: Page, table: Table, bulk: Bulk, *, changed: bool = False) -> Shown:
    selection = selection_of(page, table)
    read, refusal = _read(page, bulk)
    page.refusal = refusal or page.refusal
    count = len(selection.keys)
    start = _start(page, count)
    part = selection.keys[start : start + LISTED]
    items = read_rows(page, table, part)
    judged = bulk.judge(page, items, read)
    fine = [one for one in judged if one.reason is None]
    whole = count <= LISTED
    form = None
    if bulk.form is not None:
        choices = bulk.choices(page) if bulk.choices else None
        choices = bulk.choices_of(page, selection.keys) if bulk.choices_of else choices
        values = read.model_dump() if read is not None else None
        form = bulk.form.view(page, "", choices=choices, values=values)
    context = {"table": table, "bulk": bulk, "judged": judged, "fine": len(fine), "form": form, "selection": selection}
    context |= {"previewed": _values(read), "changed": changed, "count": count, "gone": len(part) - len(items)}
    context |= {"whole": whole, "start": start, "end": start + len(part), "listed": LISTED}
    context |= {"can_act": bool(fine) or not whole, "is_task": page.console.works is not None and count > AT_ONCE}
    title = _("{verb}: preview", verb=bulk.label)
    return Shown(
        f"{table.name}-{bulk.name}",
        title,
        "bulk.html",
        context,
        status=refusal.status if refusal else 200,
        crumbs=((table.title, table.path),),
        nav=table.name,
    )


def _start(page: Page, count: int) -> int:
    """From which row on the preview is asked for."""
    text = page.sent.get(FROM, "0")
    start = int(text) if text.isdecimal() and len(text) < 9 else 0
    return start if start < count else 0


def _result(page: Page, table: Table, bulk: Bulk, selection: Selection, read: Any) -> Answer:
    results = change_rows(page, table, bulk, selection.keys, read)
    done = sum(fine for _label, _said, fine in results)
    context = {"table": table, "results": results, "done": done, "beyond": selection.beyond}
    title = ngettext("{verb}: {count} row done", "{verb}: {count} rows done", done, verb=bulk.label)
    name = f"{table.name}-{bulk.name}"
    return Shown(name, title, "bulk_result.html", context, crumbs=((table.title, table.path),), nav=table.name)


def _own_fields(page: Page, form: Form) -> MultiDict[str, str]:
    return MultiDict([(name, value) for name, value in page.sent.items(multi=True) if name in form.model.model_fields])


# A change as a task.

STATES: dict[str, Words] = {
    "waiting": _("It waits to be begun."),
    "select": _("The rows are read"),
    "change": _("The rows are changed"),
    "running": _("Under way"),
    "done": _("All rows were dealt with."),
    "failed": _("It failed."),
    "stopped": _("It was stopped; what was changed before stays."),
}


@dataclass(frozen=True)
class WorkView:
    """A change that runs, as the template of tasks shows it."""

    id: str
    path: str
    title: Words
    stage: Words
    at: int
    of: int
    done: bool
    stop: str
    log: tuple[tuple[datetime, Words], ...] = ()
    result: Words = ""
    kind: str = "good"


def find_work(page: Page) -> Any:
    """The change of the address, and 404 for those that the person may not know of."""
    works = page.console.works
    if works is None:
        raise NotFoundError("This server changes rows while the page waits.")
    return works.find(page.unit, page.parts["id"])


def work_page(page: Page) -> Answer:
    """How far a change is, and what became of each row."""
    task = page.thing
    over = task["state"] in {"done", "failed", "stopped"}
    found = task["result"] or {"changed": 0, "refused": 0, "rows": {"changed": [], "refused": []}}
    path = f"/bulk/{task['id']}"
    stage = STATES[task["state"]] if over or not task["stage"] else STATES.get(task["stage"], STATES["running"])
    stop = "" if over or task["stopping"] else f"{path}/stop"
    title = task["wanted"]["title"]
    mark = f"{task['state']}-{task['stage'] or ''}-{task['done']}-{'stopping' if task['stopping'] else ''}"
    if page.query.get("seen") == mark:
        return Unchanged(over)
    view = WorkView(task["id"], f"{path}?seen={mark}", title, stage, task["done"], task["total"], over, stop)
    context = {"view": view, "found": found, "error": task["error"], "list": task["wanted"]["list"]}
    works = page.console.works
    context |= {"scheduled": works is None or works.is_scheduled(page.unit)}
    return Shown("bulk-work", title, "bulk_work.html", context, fragment="_bulk_work.html", target=f"task-{task['id']}")


def stop_work(page: Page) -> Answer:
    """Stop a change between two of its parts."""
    works = page.console.works
    if works is not None:
        works.stop(page.unit, page.thing["id"])
    return Moved(f"/bulk/{page.thing['id']}")


def work_urls(row: str) -> list[Url]:
    """The addresses of changes that run as tasks."""
    return [
        Url("GET", "/bulk/{id}", work_page, SIGNED_IN, row, load=find_work),
        Url("POST", "/bulk/{id}/stop", stop_work, SIGNED_IN, row, load=find_work, again=work_page),
    ]
