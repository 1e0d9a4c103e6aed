"""The export queue: requests of devices for restricted licences, and the track of each (row S3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from satellite.actions.counts import count_export_queue
from satellite.actions.export_queue import Track, list_queue_window, show_track
from satellite.ui.pages import licence_path, places
from serverkit.web.answers import Answer, Shown
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
    Item,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of

STATES = {
    "waiting": StateWords(_("Waits for synchronization")),
    "sent": StateWords(_("Sent, waits for a response")),
    "granted": StateWords(_("Granted, waits for the device")),
    "failed": StateWords(_("Not granted"), Severity.MINOR),
    "delivered": StateWords(_("Delivered")),
    "returned": StateWords(_("Returned")),
}
REASONS = {
    "restricted_licence_not_available": _("none is free at central"),
    "not_restricted": _("the licence is not restricted"),
    "unknown_entitlement": _("central does not know the licence"),
    "unknown_device": _("central does not know the device"),
    "export_not_permitted": _("the account may not use restricted licences"),
    "token_not_export_controlled": _("the token of the device did not allow it"),
    "product_not_entitled": _("the licence is not for this product"),
    "cancelled": _("replaced by a newer request"),
}
NEXT = {
    "waiting": (_("Synchronize"), "/sync"),
    "sent": (_("Bring back the response"), "/sync"),
    "failed": (_("Why?"), ""),
}


def state_words(item: Item) -> StateWords:
    """The state, with the reason where it failed."""
    if item["state"] == "failed" and item["reason"]:
        return StateWords(_("Not granted: {reason}", reason=reason_words(item)), Severity.MINOR)
    return STATES[item["state"]]


def reason_words(item: Item) -> Words:
    """Why a request failed, in a few words."""
    reason = str(item["reason"] or "")
    return REASONS.get(reason, reason.replace("_", " "))


def queue_rows(page: Page, wanted: Wanted) -> Rows:
    """The requests that are wanted."""
    return rows_of(page, list_queue_window, wanted)


def device_words(item: Item) -> str:
    """The device by its name."""
    return str(item["device"] if item["known"] else _("a device that is gone"))


def track_path(item: Item) -> str:
    """The track of a request."""
    return f"/export-queue/{item['id']}"


def next_path(item: Item) -> str | None:
    """Where the next step is made."""
    found = NEXT.get(item["state"])
    return (found[1] or track_path(item)) if found else None


def next_words(item: Item) -> str | None:
    """What comes next."""
    found = NEXT.get(item["state"])
    return str(found[0]) if found else None


QUEUE = Table(
    "export-queue",
    _("Export queue"),
    "/export-queue",
    (
        Column(
            "device",
            _("Device"),
            value=device_words,
            link=track_path,
            sort=True,
            fixed=True,
            phone=True,
        ),
        Column("licence", _("Licence"), phone=True),
        Figure("count", _("Quantity"), sort=True),
        State("state", _("State"), STATES, say=state_words, sort=True, phone=True),
        Moment("since", _("Since"), sort=True),
        Column("next", _("Next step"), value=next_words, link=next_path),
        Column("virtual_account", _("Virtual account"), shown=False),
        Moment("requested_at", _("Asked"), sort=True, shown=False),
        Moment("sent_at", _("Sent"), shown=False),
        Moment("decided_at", _("Decided"), shown=False),
        Moment("delivered_at", _("Delivered"), shown=False),
        Ident("grant", _("Grant"), shown=False),
    ),
    queue_rows,
    sort="-since",
    filters=(
        Filter("q", _("Device or licence"), "text"),
        Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
        Filter("virtual_account", _("Virtual account"), choices=places),
        Filter("tag", _("Licence"), "hidden"),
    ),
    empty=Empty(
        _("No export requests yet"),
        _(
            "A device that asks for a restricted licence appears here. Central decides; the answer comes with a response."
        ),
    ),
)
LIST = ((QUEUE.title, QUEUE.path),)


def list_page(page: Page) -> Answer:
    """The list, with what waits."""
    counts = count_export_queue(page.unit)
    waiting, sent = counts.get("waiting", 0), counts.get("sent", 0)
    granted = counts.get("granted", 0)
    intro = (
        _(
            "{waiting} wait for synchronization, {sent} for a response, {granted} for their devices.",
            waiting=waiting,
            sent=sent,
            granted=granted,
        )
        if waiting or sent or granted
        else _("Nothing waits.")
        if counts
        else ""
    )
    return table_page(page, QUEUE, context={"intro": intro}, help="portal#export-queue")


@dataclass(frozen=True)
class Stop:
    """A stop of the track: reached at a time, reached at an unknown time, or still ahead."""

    words: Words
    at: str | None
    reached: bool
    note: Words = ""
    severity: Severity | None = None


def stops(track: Track) -> Sequence[Stop]:
    """Asked, sent, granted or not, delivered, returned: each with its time."""
    one, state = track.entry, track.entry["state"]
    decided = state in {"granted", "delivered", "returned"}
    sent = one["sent_at"] is not None or decided
    sent_note = _("with request {number}", number=track.sent_in) if track.sent_in else ""
    found = [
        Stop(_("Asked"), one["requested_at"], reached=True),
        Stop(_("Sent"), one["sent_at"], reached=sent, note=sent_note),
    ]
    if state == "failed":
        found.append(
            Stop(_("Not granted"), one["decided_at"], reached=True, note=reason_words(one), severity=Severity.MINOR)
        )
        return found
    found.append(Stop(_("Granted"), one["decided_at"] if decided else None, reached=decided))
    found.append(Stop(_("Delivered"), one["delivered_at"], reached=one["delivered_at"] is not None))
    back = track.returned_at.isoformat() if track.returned_at is not None else None
    found.append(Stop(_("Returned"), back, reached=state == "returned"))
    return found


EXPLAINED = {
    "waiting": _("It leaves with the next request. Central decides whether the device gets it."),
    "sent": _("Central has to decide. Bring back the response to the request that carried it."),
    "granted": _("The device gets it at its next contact."),
    "failed": _("Central refused, and no unit is held. The device asks again when it needs one."),
    "delivered": _("The device has it. It can give it back at any time; only then, or by central, is it free again."),
    "returned": _("It is over. Central frees the units when it learns of the return."),
}


def track_page(page: Page) -> Answer:
    """Where one request is, and why."""
    track: Track = page.thing
    one = track.entry
    title = _("{licence} for {device}", licence=one["licence"], device=device_words(one))
    step = NEXT.get(one["state"])
    context = {
        "one": one,
        "stops": stops(track),
        "state": state_words(one),
        "explained": EXPLAINED[one["state"]],
        "step": step if step and step[1] else None,
        "ends": track.ends,
        "licence_path": licence_path(one),
    }
    return Shown(
        "export-request",
        title,
        "export_request.html",
        context,
        crumbs=LIST,
        nav="export-queue",
        help="portal#export-queue",
    )


def find_request(page: Page) -> Track:
    """The request of the address; UnknownExportRequestError."""
    return show_track(page.unit, page.parts["id"])


URLS = (
    Url("GET", "/export-queue", list_page, SIGNED_IN, "S3.3", table=QUEUE),
    Url("GET", "/export-queue/{id}", track_page, SIGNED_IN, "S3.3", load=find_request),
)
