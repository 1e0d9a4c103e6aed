"""A request file that a person brings: its task, with stages, and the response or the cause at its end (row C11.2)."""

from __future__ import annotations

from typing import Any

from central.actions.site_files import receive_request, show_file_task, stop_file_task
from central.ui.satellites.frame import HELP, MANAGE, NAV, PATH, TITLE, carried, root_of, server_of
from central.ui.satellites.listed import MOST_REQUEST, list_page
from serverkit.web.answers import Answer, Moved
from serverkit.web.files import sent_file
from serverkit.web.page import Page
from serverkit.web.task_pages import COMMON, TaskView, task_view, work_page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

STAGES: dict[str, Words] = {
    "read": _("Read the file"),
    "verify": _("Verify whose it is and that it is whole"),
    "order": _("Find its place among the files of the satellite"),
    "apply": _("Prepare its rows"),
    "answer": _("Apply the rows and make the response"),
}
STATES: dict[str, Words] = {
    **COMMON,
    "done": _("The file was imported."),
    "failed": _("The file was refused. Nothing was changed."),
    "stopped": _("It was stopped. Nothing was changed."),
}
TASK = f"{PATH}/files/{{id}}"


def receive(page: Page) -> Answer:
    """Take a file in."""
    domain = page.parts["domain"]
    task = receive_request(server_of(page), page.actor, domain, sent_file(page))
    return Moved(f"{root_of(page.parts)}/files/{task}")


def find(page: Page) -> dict[str, Any]:
    """The task of the address; UnknownTaskError."""
    return show_file_task(page.unit, page.parts["domain"], page.parts["id"])


def result_words(found: dict[str, Any]) -> Words:
    """What became of a file."""
    if found["outcome"] == "already_answered":
        return _(
            "Request {number} of {name} was imported before. Here is the same response again.",
            number=found["answers"],
            name=found["name"],
        )
    return _(
        "Request {number} of {name} was applied ({rows}). Response {response} is ready: bring it to the satellite.",
        number=found["answers"],
        name=found["name"],
        rows=carried(found["received"]),
        response=found["sequence"],
    )


def view_of(page: Page) -> TaskView:
    """The task as it is shown; rows are counted while they are prepared."""
    task, root = page.thing, root_of(page.parts)
    result = result_words(task["result"]) if task["state"] == "done" else ""
    view = task_view(task, f"{root}/files/{task['id']}", _("File of a satellite"), STAGES, STATES, result)
    if not task["total"] or view.done:
        return view
    counted = _("{stage}: {done} of {total}", stage=view.stage, done=task["done"], total=task["total"])
    mark = f"{view.mark}-{task['done']}"
    return task_view(
        task, f"{root}/files/{task['id']}", _("File of a satellite"), {**STAGES, task["stage"]: counted}, STATES, mark=mark
    )  # fmt: skip


def watch(page: Page) -> Answer:
    """How far it is."""
    task, root = page.thing, root_of(page.parts)
    found, more = task["result"], None
    if found is not None:
        path = f"{root}/{found['satellite']}/files/{found['epoch']}/{found['answers']}"
        more = (_("Download response {number}", number=found["sequence"]), path)
    return work_page(
        page,
        "satellite-file",
        view_of(page),
        crumbs=((TITLE, root),),
        nav=NAV,
        help=HELP,
        back=(_("Back to the satellites"), root),
        more=more,
        template="satellite_file.html",
        fragment="_satellite_file.html",
        context={"troubleshoot": f"{root}/{task['satellite']}/troubleshoot" if task["satellite"] else ""},
    )


def stop(page: Page) -> Answer:
    """Stop before the next stage."""
    stop_file_task(page.unit, page.parts["domain"], page.thing["id"])
    return Moved(f"{root_of(page.parts)}/files/{page.thing['id']}")


URLS = (
    Url("POST", f"{PATH}/files", receive, MANAGE, "C11.2", again=list_page, alone=True, most_bytes=MOST_REQUEST),
    Url("GET", TASK, watch, MANAGE, "C11.2", load=find),
    Url("POST", f"{TASK}/stop", stop, MANAGE, "C11.2", load=find, again=watch),
)
