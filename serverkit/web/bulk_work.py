"""A change of many rows as a task: part by part, each row judged again, with what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from werkzeug.test import EnvironBuilder

from serverkit.actor import Actor
from serverkit.db.unit import Unit
from serverkit.http.operations import alternatives
from serverkit.http.request import Request
from serverkit.tasks.service import TaskKind
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.console import Console, SignedIn
from serverkit.web.errors import SelectionChangedError
from serverkit.web.look import Look
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.selection import Selection, all_that_match, read_rows
from serverkit.web.tables import Table
from serverkit.web.texts import _, in_words, language, speaking
from serverkit.web.urls import Url, filled

STAGES = ("select", "change")
PART, KEPT = 100, 1_000
"""How many rows one transaction changes, and how many results of each kind are kept."""


class Tells(Protocol):
    """Where a task says how far it is."""

    def stage(self, name: str, total: int = 0) -> None:
        """Begin a stage."""

    def advance(self, done: int, result: dict[str, Any]) -> None:
        """So many rows are done, with what came of them; it ends the work where someone asked to stop."""


@dataclass(frozen=True)
class TaskWorks:
    """The `Works` of a console whose server runs them as tasks, by what it does about those."""

    begin: Callable[[Unit, Mapping[str, Any]], str]
    find: Callable[[Unit, str], Mapping[str, Any]]
    stop: Callable[[Unit, str], None]
    is_scheduled: Callable[[Unit], bool]


def kind_of(name: str, console: Callable[[], Console]) -> TaskKind:
    """The kind of task that changes many rows on the pages of a console."""
    return TaskKind(name, STAGES, lambda actor, wanted, progress: run(console(), actor, wanted, progress))


@dataclass
class Results:
    """What became of the rows: both kinds are counted, and the first of each are kept."""

    changed: int = 0
    refused: int = 0
    rows: dict[str, list[list[str]]] = field(default_factory=lambda: {"changed": [], "refused": []})

    def add(self, label: str, said: str, *, done: bool) -> None:
        """Note a row: what was done, or why nothing was."""
        kind = "changed" if done else "refused"
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.rows[kind]) < KEPT:
            self.rows[kind].append([label, said])

    @property
    def view(self) -> dict[str, Any]:
        """As the task keeps it."""
        return {"changed": self.changed, "refused": self.refused, "rows": self.rows}


def wanted_of(page: Page, table: Table, bulk: Bulk, selection: Selection, read: Any) -> dict[str, Any]:
    """What the task has to know."""
    return {
        "path": page.url.path,
        "parts": dict(page.parts),
        "query": page.request.query_string.decode("latin-1"),
        "keys": None if selection.all else list(selection.keys),
        "digest": selection.digest,
        "count": len(selection.keys),
        "read": read.model_dump(mode="json") if read is not None else None,
        "language": language(),
        "title": str(bulk.label),
        "list": table.path + table.state(table.wanted(page.asked)),
    }


def run(console: Console, actor: Actor, wanted: Mapping[str, Any], progress: Tells) -> dict[str, Any]:
    """Change the rows; what became of them. SelectionChangedError where others match than those that were previewed."""
    url = next(one for one in console.urls if one.bulk is not None and one.path == wanted["path"])
    table, bulk = _change_of(url, wanted)
    results = Results()
    with speaking(str(wanted["language"])):
        read = bulk.form.model.model_validate(wanted["read"]) if bulk.form is not None else None
        progress.stage(STAGES[0])
        with console.database.read(actor) as unit:
            keys = _selected(_page(console, actor, url, wanted, unit), table, wanted)
        progress.stage(STAGES[1], len(keys))
        for done, part in _parts(keys):
            # Noted after the commit: a database may ask for the same part again.
            for label, said, changed in console.database.run(actor, _change(console, actor, url, wanted, read, part)):
                results.add(label, said, done=changed)
            progress.advance(done, results.view)
    return results.view


def _parts(keys: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    for start in range(0, len(keys), PART):
        part = keys[start : start + PART]
        yield start + len(part), part


def _selected(page: Page, table: Table, wanted: Mapping[str, Any]) -> Sequence[str]:
    if wanted["keys"] is not None:
        return list(wanted["keys"])
    found = all_that_match(page, table)
    if found.digest != wanted["digest"]:
        raise SelectionChangedError
    return found.keys


def _change(
    console: Console, actor: Actor, url: Url, wanted: Mapping[str, Any], read: Any, part: Sequence[str]
) -> Callable[[Unit], list[tuple[str, str, bool]]]:
    def work(unit: Unit) -> list[tuple[str, str, bool]]:
        console.permit(unit, alternatives(url.permission), _parts_of(wanted))
        table, bulk = _change_of(url, wanted)
        page = _page(console, actor, url, wanted, unit)
        found = change_rows(page, table, bulk, part, read)
        gone = ("\u2013", str(_("It is no longer there, or no longer matches.")), False)
        return found + [gone] * (len(part) - len(found))

    return work


def change_rows(page: Page, table: Table, bulk: Bulk, keys: Sequence[str], read: Any) -> list[tuple[str, str, bool]]:
    """Judge each row that is still there, and change those that may be; label, what is said of it, whether it was changed."""
    items = read_rows(page, table, keys)
    judged: dict[str, Judged] = {one.key: one for one in bulk.judge(page, items, read)}
    found = []
    for item in items:
        one = judged[str(item[table.key])]
        label = str(in_words(one.label))
        if one.reason is not None:
            found.append((label, str(one.reason), False))
            continue
        try:
            with page.unit.savepoint():
                said = bulk.act(page, item, read)
        except page.console.roots as error:
            refusal = Refusal.of(error)
            found.append((label, f"{refusal.message} {refusal.remedy} ({refusal.code})", False))
        else:
            found.append((label, str(said or _("done")), True))
    return found


def _page(console: Console, actor: Actor, url: Url, wanted: Mapping[str, Any], unit: Unit) -> Page:
    """The visit that the task stands for."""
    parts = _parts_of(wanted)
    environ = EnvironBuilder(path=filled(url.path, parts), query_string=str(wanted["query"])).get_environ()
    who = console.placed(unit, SignedIn(actor, "", "", actor.scopes or frozenset()), parts)
    return Page(console, Request(environ), url, parts, Look(), who=who, work=unit)


def _parts_of(wanted: Mapping[str, Any]) -> dict[str, str]:
    """The place that the address names."""
    return dict(wanted.get("parts", {}))


def _change_of(url: Url, wanted: Mapping[str, Any]) -> tuple[Table, Bulk]:
    table, bulk = url.bulk
    return table.at(_parts_of(wanted)), bulk
