"""Transferring licences between virtual accounts: quantities, a preview by the same rule, then all lines or none (row C4.1)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from central.actions import transfers as actions
from central.actions.lots import shows_lots
from central.actions.movable import list_movable, move_all, preview_all
from central.actions.transfers import Line
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.errors import InvalidFormError
from serverkit.web.form_reading import read_pairs
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import Grade, Url

MANAGE = Permission.LICENCE_TRANSFER
PATH = f"{POOL}/licence-transfer"
HELP = "central-portal#transfers"
TO, FROM = "to", "from"


@dataclass(frozen=True)
class Asked:
    """What the form says: whether to or from, the other virtual account by number, lots or licences, quantities by key."""

    direction: str
    other: str
    lots: bool
    tags: tuple[str, ...]
    typed: dict[str, str]

    @property
    def hidden(self) -> Sequence[tuple[str, str]]:
        """All of it but the quantities, as hidden fields."""
        fixed = [("direction", self.direction), ("other", self.other), *([("lots", "yes")] if self.lots else [])]
        return [*fixed, *(("tag", tag) for tag in self.tags)]


def read_asked(page: Page) -> Asked:
    """Read the address, or the form that was sent; anything that is no such word is the usual one."""
    sent = page.sent if page.url.changes else page.asked
    lots = "lots" in sent
    direction = FROM if sent.get("direction") == FROM and not lots else TO
    quantities = [text.strip() for text in sent.getlist("quantity")]
    typed = {key: text for key, text in zip(sent.getlist("key"), quantities, strict=False) if text}
    return Asked(direction, sent.get("other", ""), lots, tuple(dict.fromkeys(sent.getlist("tag"))), typed)


def others_of(page: Page) -> list[dict[str, Any]]:
    """The virtual accounts that may be the other side."""
    places = list_places(page.unit, page.parts["domain"])
    return [one for one in places if str(one["number"]) != page.parts["number"] and MANAGE in one["may"]]


def transfer_page(page: Page) -> Answer:
    """Direction and the other virtual account; then what is free, with a field for each."""
    asked, others = read_asked(page), others_of(page)
    known = {str(one["number"]) for one in others}
    offer = _offer(page, asked) if asked.other in known else None
    context = {
        **_context(page, asked),
        "others": others,
        "offer": offer,
        "rows": [(one, asked.typed.get(key_of(one), "")) for one in offer["rows"]] if offer else [],
    }
    return Shown(
        "licence-transfer", _("Transfer licences"), "transfer.html", context, help=HELP, nav="virtual-accounts"
    )


def key_of(row: dict[str, Any]) -> str:
    """What the form calls a row: the lot, or the licence."""
    return str(row["lot"] or row["tag"])


def _context(page: Page, asked: Asked) -> dict[str, Any]:
    root = f"/a/{page.parts['domain']}/va/{page.parts['number']}"
    path = f"{root}/licence-transfer"
    seen = {"shows_lots": shows_lots(page.unit, page.parts["domain"])}
    found = {
        **seen,
        "pool": page.thing,
        "root": root,
        "path": path,
        "asked": asked,
        "key_of": key_of,
        "expires": expires,
    }
    return {**found, **pool_tabs(page.parts)}


def _offer(page: Page, asked: Asked) -> dict[str, Any]:
    here, other = page.parts["number"], asked.other
    source, target = (other, here) if asked.direction == FROM else (here, other)
    return list_movable(page.unit, page.parts["domain"], source, target, asked.tags, by_lot=asked.lots)


def lines_of(page: Page, asked: Asked) -> list[Line]:
    """The lines that were filled in; InvalidFormError where there is none, or the other side is not chosen."""
    names = {str(one["number"]): one["name"] for one in others_of(page)}
    if asked.other not in names:
        raise InvalidFormError({"other": _("Choose a virtual account.")})
    read_pairs(page.sent, "key", "quantity")  # no line twice, of which one would be lost
    if not asked.typed:
        raise InvalidFormError({"quantity": _("Fill in the quantity of at least one line.")})
    here, other = page.thing["name"], names[asked.other]
    source, target = (other, here) if asked.direction == FROM else (here, other)
    if asked.lots:
        return [Line(target, whole(text), source, lot=key) for key, text in asked.typed.items()]
    return [Line(target, whole(text), source, key) for key, text in asked.typed.items()]


def whole(text: str) -> int:
    """A quantity; 0, which the rule refuses, for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 0


def change(page: Page) -> Answer:
    """Show the preview; with `step=act` transfer what was previewed, with `step=edit` show the form again, filled."""
    step, asked = page.sent.get("step", ""), read_asked(page)
    if step == "edit":
        return transfer_page(page)
    lines = lines_of(page, asked)
    if step != "act":
        return preview_page(page)
    done = actions.transfer_lines(page.unit, page.parts["domain"], lines)
    notice = ngettext("{count} unit transferred.", "{count} units transferred.", done["quantity"])
    return Moved(f"{_context(page, asked)['root']}/licence-transfers", notice)


def again(page: Page) -> Answer:
    """What a refused change comes back to: the preview, where there is something to preview."""
    try:
        return preview_page(page)
    except InvalidFormError:
        return transfer_page(page)


def preview_page(page: Page) -> Shown:
    """What would move, why a line would not, and both virtual accounts before and after."""
    asked = read_asked(page)
    lines = lines_of(page, asked)
    seen = actions.preview_transfer(page.unit, page.parts["domain"], lines)
    for row, text in zip(seen["lines"], asked.typed.values(), strict=True):
        row["typed"] = text
    context = {**_context(page, asked), "plan": seen, "command": _command(page, lines)}
    status = 422 if seen["refused"] else 200
    title = _("Transfer licences: preview")
    return Shown(
        "licence-transfer-preview", title, "transfer_preview.html", context, status, help=HELP, nav="virtual-accounts"
    )


def _command(page: Page, lines: Sequence[Line]) -> str:
    words = ["central", "licence", "transfer", page.parts["domain"]]
    for line in lines:
        if line.lot:
            words += ["--lot", f"{line.lot}:{line.quantity}:{_plain(line.target)}"]
        else:
            words += ["--line", f"{_plain(line.source)}:{_plain(line.licence)}:{line.quantity}:{_plain(line.target)}"]
    return shlex.join(words + (["--from", lines[0].source or ""] if lines[0].lot else []))


def _plain(name: str | None) -> str:
    return (name or "").replace(":", r"\:")


def transfer_path(item: Mapping[str, Any]) -> str:
    """The address where a licence of a list is transferred."""
    return f"/a/{item['domain']}/va/{item['number']}/licence-transfer?{urlencode({'tag': item['tag']})}"


class Target(BaseModel):
    """The virtual account, by number, that gets all that is free of many licences."""

    other: str = Field(max_length=20)


def _choices(page: Page) -> dict[str, Any]:
    return {"other": [Choice(str(one["number"]), one["name"]) for one in others_of(page)]}


def judge_all(page: Page, items: Sequence[Mapping[str, Any]], read: Any) -> Sequence[Judged]:
    """What is free of each licence, by the rule of transfers; nothing without a target."""
    found = []
    for item in items:
        key, label = str(item["id"]), _("{name} in {place}", name=item["name"], place=item["virtual_account"])
        line = _all_of(page, item, read) if read is not None else None
        if line is None:
            found.append(Judged(key, label, _("Choose the virtual account that gets what is free.")))
        elif not line["quantity"]:
            found.append(Judged(key, label, line["reason"]))
        else:
            effect = ngettext("{count} unit goes", "{count} units go", line["quantity"])
            found.append(Judged(key, label, effect=effect))
    return found


def _all_of(page: Page, item: Mapping[str, Any], read: Any) -> dict[str, Any] | None:
    """The line that moves all that is free of a licence."""
    if read.other not in {str(one["number"]) for one in others_of(page)}:
        return None
    return preview_all(page.unit, page.parts["domain"], str(item["number"]), read.other, item["tag"])


def transfer_all(page: Page, item: Mapping[str, Any], read: Any) -> Words:
    """Move all that is free of one licence."""
    done = move_all(page.unit, page.parts["domain"], str(item["number"]), read.other, item["tag"])
    return ngettext("{count} unit transferred.", "{count} units transferred.", done)


TRANSFER_BULK = Bulk(
    "transfer",
    _("Transfer what is free"),
    MANAGE,
    judge_all,
    transfer_all,
    "C4.1",
    form=Form(Target, _("Transfer"), {"other": Ui(_("To"), kind="select")}),
    choices=_choices,
)


def expires(row: dict[str, Any]) -> Words:
    """When what is free ends."""
    ends = {str(one["until"]) for one in row["lots"]}
    if not ends:
        return "–"
    return _("multiple terms") if len(ends) > 1 else row["lots"][0]["until"] or _("perpetual")


URLS = (
    Url("GET", PATH, transfer_page, MANAGE, "C4.1", load=find_pool),
    Url(
        "POST", PATH, change, MANAGE, "C4.1", load=find_pool, again=again, twin="transfer_lines", grade=Grade.PREVIEW,
        several=("key", "quantity", "tag"), most_bytes=256 * 1024,
    ),
)  # fmt: skip
