"""The synchronizations of a satellite, with both files of each number (row C11.3)."""

from __future__ import annotations

from dataclasses import replace

from central.actions import site_files as actions
from central.ui.satellites.frame import LOOK, MANAGE, ONE, at, carried, find, satellite_page
from serverkit.web.answers import Answer, Sent, Shown
from serverkit.web.files import MEDIA, file_name
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Figure, Ident, Item, Moment, Rows, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of


def history_rows(page: Page, wanted: Wanted) -> Rows:
    """The numbers that are wanted."""
    domain, satellite = page.parts["domain"], page.parts["id"]
    found = rows_of(page, lambda unit, part: actions.list_history(unit, domain, satellite, part), wanted)
    if wanted.only_keys:
        return found
    place = {"domain": domain, "satellite": satellite}
    return replace(found, items=[{**one, **place, "number": number_words(one)} for one in found.items])


def number_words(item: Item) -> str:
    """Request and response by their numbers."""
    if not item["sequence"]:
        return str(_("authorization of epoch {epoch}", epoch=item["epoch"]))
    return str(_("request {request}, response {response}", request=item["sequence"], response=item["response"]))


def _file(item: Item, more: str = "") -> str:
    return f"/a/{item['domain']}/satellites/{item['satellite']}/files/{item['epoch']}/{item['sequence']}{more}"


def not_kept(item: Item) -> Words | None:
    """Why the request cannot be fetched."""
    return None if item["request_kept"] else _("Central keeps the requests of the newest 20 numbers.")


HISTORY = Table(
    "satellite-history",
    _("History"),
    f"{ONE}/history",
    (
        Column("number", _("Number"), sort=True, fixed=True, phone=True),
        Moment("received_at", _("Time"), phone=True),
        Figure("epoch", _("Epoch")),
        Column("counts", _("Response carries"), value=lambda one: carried(one["counts"])),
        Ident("digest", _("Digest of the request"), shown=False),
        Ident("response_digest", _("Digest of the response"), shown=False),
    ),
    history_rows,
    sort="-number",
    acts=(
        Act(_("Download authorization"), _file, MANAGE, fits=lambda one: not one["sequence"]),
        Act(_("Download response"), _file, MANAGE, fits=lambda one: bool(one["sequence"])),
        Act(_("Download request"), lambda one: _file(one, "/request"), MANAGE, not_kept, fits=lambda one: bool(one["sequence"])),
    ),
    empty=Empty(_("Nothing was synchronized yet"), _("The authorization file and each request with its response are listed here.")),
)  # fmt: skip


def show(page: Page) -> Answer:
    """The list."""
    frame = satellite_page(page, "history", "tabbed.html", {})
    found = table_page(
        page, HISTORY.at(page.parts), template="tabbed.html", context=frame.context, crumbs=(*frame.crumbs, (page.thing["name"], at(page.thing))),
        nav=frame.nav, help=frame.help,
    )  # fmt: skip
    if isinstance(found, Shown):
        return replace(found, title=_("History of {name}", name=page.thing["name"]))
    return found


def _numbers(page: Page) -> tuple[int, int]:
    return actions.number_of(page.parts["epoch"]), actions.number_of(page.parts["seq"])


def response(page: Page) -> Answer:
    """A response again, byte for byte; number 0 is the authorization file."""
    one, (epoch, seq) = page.thing, _numbers(page)
    content = actions.fetch_response(page.unit, one["domain"], one["id"], epoch, seq)
    kind = "response" if seq else "authorization"
    return Sent(file_name(kind, one["name"], epoch, *([seq] if seq else [])), MEDIA, [content])


def request(page: Page) -> Answer:
    """A request again, byte for byte."""
    one, (epoch, seq) = page.thing, _numbers(page)
    content = actions.fetch_request(page.unit, one["domain"], one["id"], epoch, seq)
    return Sent(file_name("request", one["name"], epoch, seq), MEDIA, content)


URLS = (
    Url("GET", f"{ONE}/history", show, LOOK, "C11.3", load=find, table=HISTORY),
    Url("GET", f"{ONE}/files/{{epoch}}/{{seq}}", response, MANAGE, "C11.2", load=find),
    Url("GET", f"{ONE}/files/{{epoch}}/{{seq}}/request", request, MANAGE, "C11.3", load=find),
)
