"""Updates: what runs, a file to check, and its installation by the root helper (row B16)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions.incoming import Incoming, check_incoming, drop_checked, find_checked
from satellite.actions.tasks import is_scheduled, show_task, stop_task
from satellite.actions.updates import ACTS
from satellite.ui.settings.frame import MANAGE, PATH, UP, server_of, settings_page
from serverkit.errors import NotFoundError
from serverkit.updates.acts import INSTALL
from serverkit.updates.bundle import MOST_BYTES
from serverkit.updates.install import INSTALLED
from serverkit.web.answers import Answer, Moved
from serverkit.web.files import FIELDS_BYTES, Card, sent_file
from serverkit.web.formats import fours, size
from serverkit.web.page import Page
from serverkit.web.task_pages import task_view, work_page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

UPDATE = f"{PATH}/update"
TITLE = _("Updates")
HELP = "updates"
STAGES: dict[str, Words] = {
    "verify": _("Verify the update file"),
    "write": _("Write a backup"),
    "check": _("Verify the backup as a restore would"),
    "tidy": _("Remove the oldest backup"),
    "hand_over": _("Hand the file to the root helper"),
}


class Chosen(BaseModel):
    """The file that was shown, by its digest."""

    sha256: str = Field(min_length=64, max_length=64)


def show(page: Page) -> Answer:
    """The version that runs, the last update, and a file that was checked."""
    checked = find_checked(server_of(page), Incoming.UPDATE)
    found = ACTS.show(page.unit)
    context = {
        "found": found,
        "checked": checked,
        "card": _card(checked.view) if checked else None,
        "went_well": found["last"] is not None and found["last"].get("outcome") == INSTALLED,
        "scheduled": is_scheduled(page.unit),
        "path": UPDATE,
    }
    return settings_page("update", TITLE, "settings_update.html", context, HELP)


def _card(view: dict[str, Any]) -> Card:
    facts = [
        (_("Version"), view["version"]),
        (_("Version that runs"), view["running"]),
        (_("Debian"), f"{view['debian']}, {view['architecture']}"),
        (_("Size"), size(view["size"])),
        (_("SHA-256"), fours(view["sha256"])),
    ]
    return Card("update", _("Update to version {version}", version=view["version"]), facts)


def check(page: Page) -> Answer:
    """Check an update file and keep it; nothing is changed."""
    check_incoming(server_of(page), page.actor, Incoming.UPDATE, sent_file(page))
    return Moved(UPDATE)


def install(page: Page) -> Answer:
    """Have the file installed that was checked."""
    return Moved(f"{UPDATE}/task/{ACTS.start(page.unit, cast('Chosen', page.read).sha256)}")


def drop(page: Page) -> Answer:
    """Discard the file that was checked."""
    drop_checked(server_of(page), page.actor, Incoming.UPDATE, cast("Chosen", page.read).sha256)
    return Moved(UPDATE)


def find_task(page: Page) -> dict[str, Any]:
    """The task of the address, if it is an update; NotFoundError."""
    found = show_task(server_of(page), page.unit, page.parts["id"])
    if found["kind"] != INSTALL:
        raise NotFoundError
    return found


def watch(page: Page) -> Answer:
    """How far an update is."""
    task = page.thing
    done = _(
        "The helper installs the update. The console stops for a minute; the page “Updates” says then what became of it."
    )
    path = f"{UPDATE}/task/{task['id']}"
    view = task_view(task, path, _("Install an update"), STAGES, result=done if task["state"] == "done" else "")
    return work_page(
        page, "settings-update-task", view, crumbs=(*UP, (TITLE, UPDATE)), nav="settings", help=HELP,
        back=(TITLE, UPDATE), more=None,
    )  # fmt: skip


def stop(page: Page) -> Answer:
    """Stop before the next stage."""
    stop_task(server_of(page), page.unit, page.thing["id"])
    return Moved(f"{UPDATE}/task/{page.thing['id']}")


_ROW = "B16"
URLS = (
    Url("GET", UPDATE, show, MANAGE, _ROW),
    Url(
        "POST",
        f"{UPDATE}/check",
        check,
        MANAGE,
        _ROW,
        again=show,
        fresh=True,
        alone=True,
        most_bytes=MOST_BYTES + FIELDS_BYTES,
    ),
    Url("POST", f"{UPDATE}/install", install, MANAGE, _ROW, form=Chosen, again=show, fresh=True),
    Url("POST", f"{UPDATE}/drop", drop, MANAGE, _ROW, form=Chosen, again=show, alone=True),
    Url("GET", f"{UPDATE}/task/{{id}}", watch, MANAGE, _ROW, load=find_task),
    Url("POST", f"{UPDATE}/task/{{id}}/stop", stop, MANAGE, _ROW, load=find_task, again=watch),
)
