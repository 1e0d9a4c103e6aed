"""Changing many rows at once: first a preview that judges each row, then the change, with a result for each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from werkzeug.datastructures import MultiDict

from serverkit.web.answers import Answer, Shown
from serverkit.web.bulk import MOST, Bulk
from serverkit.web.errors import SelectionChangedError
from serverkit.web.forms import Form, read_form
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.tables import Item, Table
from serverkit.web.texts import _, ngettext
from serverkit.web.urls import Url

BULK_BYTES = 256 * 1024
LISTED = 500
PREVIEWED, ALL_KEYS = "previewed", "all_keys"
"""The fields of a preview that say for which values of the form, and for which of all rows, it was made."""


@dataclass(frozen=True)
class _Chosen:
    """The rows that are meant, how many are no longer there, and how many match beyond those that one change takes."""

    items: Sequence[Item]
    gone: int = 0
    beyond: int = 0


def bulk_urls(table: Table) -> list[Url]:
    """The addresses of a table's bulk changes: POST previews, POST with `step=act` acts on what was previewed."""

    def url(one: Bulk) -> Url:
        return Url(
            "POST",
            f"{table.path}/bulk/{one.name}",
            lambda page: _bulk(page, table, one),
            one.permission,
            one.row,
            again=lambda page: _preview(page, table, one),
            most_bytes=BULK_BYTES,
            grade=one.grade,
        )

    return [url(one) for one in table.bulk]


def _bulk(page: Page, table: Table, bulk: Bulk) -> Answer:
    if page.sent.get("step") != "act":
        return _preview(page, table, bulk)
    chosen = _chosen(page, table)
    if page.sent.get("all") == "yes" and page.sent.get(ALL_KEYS, "") != _digest(table, chosen.items):
        raise SelectionChangedError
    read, refusal = _read(page, bulk)
    if refusal is not None or not chosen.items:
        return _preview(page, table, bulk)
    if page.sent.get(PREVIEWED, "") != _values(read):
        return _preview(page, table, bulk, changed=True)
    return _result(page, table, bulk, chosen, read)


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
    chosen = _chosen(page, table)
    read, refusal = _read(page, bulk)
    page.refusal = refusal or page.refusal
    judged = bulk.judge(page, chosen.items, read)
    fine = [one for one in judged if one.reason is None]
    form = None
    if bulk.form is not None:
        choices = bulk.choices(page) if bulk.choices else None
        values = read.model_dump() if read is not None else None
        form = bulk.form.view(page, "", choices=choices, values=values)
    context = {"table": table, "bulk": bulk, "judged": judged, "fine": fine, "form": form, "chosen": chosen}
    context |= {"keys": [str(item[table.key]) for item in chosen.items], "all_keys": _digest(table, chosen.items)}
    context |= {"previewed": _values(read), "changed": changed, "listed": LISTED}
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


def _result(page: Page, table: Table, bulk: Bulk, chosen: _Chosen, read: Any) -> Answer:
    results = []
    judged = {one.key: one for one in bulk.judge(page, chosen.items, read)}
    for item in chosen.items:
        one = judged[str(item[table.key])]
        said, refusal = None, None
        if one.reason is None:
            try:
                with page.unit.savepoint():
                    said = bulk.act(page, item, read)
            except page.console.roots as error:
                refusal = Refusal.of(error)
        results.append((one, said, refusal))
    done = sum(said is not None for _one, said, _refusal in results)
    context = {"table": table, "bulk": bulk, "results": results, "done": done, "chosen": chosen}
    title = ngettext("{verb}: {count} row done", "{verb}: {count} rows done", done, verb=bulk.label)
    name = f"{table.name}-{bulk.name}"
    return Shown(name, title, "bulk_result.html", context, crumbs=((table.title, table.path),), nav=table.name)


def _chosen(page: Page, table: Table) -> _Chosen:
    """The rows that are meant, read again."""
    if page.sent.get("all") == "yes":
        items = table.rows(page, table.everything(page.asked)).items
        expected = page.sent.get("all_count", "")
        if expected.isdecimal() and int(expected) != len(items):
            raise SelectionChangedError
        return _Chosen(items[:MOST], beyond=max(0, len(items) - MOST))
    named = list(dict.fromkeys(page.sent.getlist("key")))
    keys = named[:MOST]
    rows = table.rows(page, table.everything(page.asked, keys))
    known = {str(item[table.key]): item for item in rows.items}
    found = [known[key] for key in keys if key in known]
    return _Chosen(found, len(keys) - len(found), len(named) - len(keys))


def _digest(table: Table, items: Sequence[Item]) -> str:
    """A text that is another one for any other rows; their order does not matter."""
    return sha256("\n".join(sorted(str(item[table.key]) for item in items)).encode()).hexdigest()


def _own_fields(page: Page, form: Form) -> MultiDict[str, str]:
    return MultiDict([(name, value) for name, value in page.sent.items(multi=True) if name in form.model.model_fields])
