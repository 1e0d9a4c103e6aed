"""Where synchronization stands, what is carried out and what is brought back (rows S2.1, S2.5-S2.7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions.incoming import Incoming, apply_checked, check_incoming, drop_checked, find_checked
from satellite.actions.registration import show_registration
from satellite.actions.requests import show_last_request
from satellite.actions.site import show_status
from satellite.actions.synchronization import download_request, export_request, list_history, show_settings
from satellite.core.site.errors import NoRequestError
from satellite.ui.files import MOST_RESPONSE, carried, request_card, response_card
from satellite.ui.sync.frame import RUN, TITLE, server_of, sync_page
from satellite.ui.sync.history import HISTORY, causes_of
from satellite.ui.zone import zone_of
from serverkit.web.answers import Answer, Moved
from serverkit.web.figures import Ladder
from serverkit.web.files import download, file_name, sent_file
from serverkit.web.formats import distance
from serverkit.web.ladders import sync_ladder
from serverkit.web.page import Page
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.wizard import StepView

KIND = Incoming.RESPONSE
TRACK: dict[str, Words] = {
    "nothing_pending": _("Nothing pending"),
    "waiting_for_response": _("Request made"),
    "response_applied": _("Response applied"),
}
CALM: dict[str, Words] = {
    "already_applied": _("This response was applied before. There is nothing to do."),
    "older_than_applied": _("A newer response was applied already. There is nothing to do."),
}
RECENT = 8


class Make(BaseModel):
    """A request to be made."""

    full: bool = False


class Apply(BaseModel):
    """The file that was checked, by its digest."""

    sha256: str = Field(max_length=64)


def show(page: Page) -> Answer:
    """The page."""
    server, zone = server_of(page), zone_of(page)
    status = show_status(server, page.unit)
    last = show_last_request(page.unit)
    checked = find_checked(server, KIND)
    used = show_settings(page.unit)
    context = {
        "status": status,
        "sentence": sentence(status, page.unit.licence_now),
        "ladder_": ladder_of(status, show_registration(server, page.unit)["authorized_at"], page.unit.licence_now),
        "track": [StepView(name, words, "", done=False) for name, words in TRACK.items()],
        "last": last,
        "card": request_card(last, zone) if last else None,
        "checked": checked,
        "checked_card": response_card(checked.view, checked.size, zone) if checked else None,
        "calm": CALM.get(checked.view["outcome"]) if checked else None,
        "most": MOST_RESPONSE,
        "used": used,
        "recent": [{**one, "carried": carried(one["counts"])} for one in causes_of(list_history(page.unit)[:RECENT])],
        "history_table": HISTORY,
        "doctor": page.kept.get("doctor"),
    }
    return sync_page(page, "overview", TITLE, "sync.html", context)


def sentence(status: dict[str, Any], now: datetime) -> Words:
    """The state in one sentence."""
    if status["state"] != "authorized":
        return _("Central has not authorized this satellite yet.")
    if status["restored"]:
        return _("This satellite was restored from an older copy: central has to resynchronize it.")
    if status["sync_state"] == "waiting_for_response":
        return _("Request {number} waits for its response.", number=status["sequence"])
    if status["last_sync"] is None:
        return _("This satellite has not synchronized yet.")
    waits = status["pending_changes"]
    more = ngettext("{count} change waits.", "{count} changes wait.", waits) if waits else _("Nothing waits.")
    said = _("As of response {number}, applied {when}.", number=status["applied_response"],
             when=distance(status["last_sync"], now))  # fmt: skip
    return _("{state} {more}", state=said, more=more)


def ladder_of(status: dict[str, Any], authorized_at: str | None, now: datetime) -> Ladder | None:
    """From the last synchronization to the removal."""
    last, due, overdue, removal = (status[name] for name in ("last_sync", "sync_due", "overdue_at", "removal_at"))
    return sync_ladder(last, authorized_at, due, overdue, removal, now)


def make(page: Page) -> Answer:
    """Make the next request, or have the one that is current again."""
    found = export_request(server_of(page), page.actor, full=cast("Make", page.read).full).view
    words = _("Request {number} is made. Download it and carry it to central.", number=found["sequence"])
    same = _("Nothing has changed: request {number} is still the one to carry.", number=found["sequence"])
    return Moved("/sync#carry", words if found["fresh"] else same)


def fetch(page: Page) -> Answer:
    """A request again, byte for byte."""
    parts = page.parts
    if not (parts["epoch"].isascii() and parts["epoch"].isdecimal() and parts["seq"].isascii()
            and parts["seq"].isdecimal() and len(parts["epoch"]) < 10 and len(parts["seq"]) < 16):  # fmt: skip
        raise NoRequestError
    found = download_request(page.unit, int(parts["epoch"]), int(parts["seq"]))
    name = show_status(server_of(page), page.unit)["name"]
    return download(file_name("request", name, found.view["epoch"], found.view["sequence"]), found.content)


def check(page: Page) -> Answer:
    """Check a response; nothing is changed."""
    check_incoming(server_of(page), page.actor, KIND, sent_file(page))
    return Moved("/sync")


def apply(page: Page) -> Answer:
    """Apply the response that was checked."""
    found = apply_checked(server_of(page), page.actor, KIND, cast("Apply", page.read).sha256)
    said = _("Response {number} applied: {carried}. Devices get it at their next contact.", number=found["sequence"],
             carried=carried(found["counts"]))  # fmt: skip
    return Moved("/sync", CALM.get(found["outcome"], said))


def drop(page: Page) -> Answer:
    """Discard the file that was checked."""
    drop_checked(server_of(page), page.actor, KIND, cast("Apply", page.read).sha256)
    return Moved("/sync#bring")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


URLS = (
    Url("GET", "/sync", show, SIGNED_IN, "S2.1"),
    Url("POST", "/sync/request", make, RUN, "S2.1", form=Make, again=show, alone=True),
    Url("GET", "/sync/request/{epoch}/{seq}", fetch, RUN, "S2.5"),
    Url("POST", "/sync/response", check, RUN, "S2.5", again=show, alone=True, most_bytes=MOST_RESPONSE),
    Url("POST", "/sync/response/apply", apply, RUN, "S2.5", form=Apply, again=show, alone=True),
    Url("POST", "/sync/response/drop", drop, RUN, "S2.5", form=Apply, again=show, alone=True),
)
