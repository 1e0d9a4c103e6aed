"""Cancelling an order, or one line of it, that was cancelled upstream: what goes, what stands against it, then the number typed (row C4.2)."""

from __future__ import annotations

import shlex
from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import orders as actions
from central.domain.ledger.errors import UnknownOrderLineError
from central.ui.orders import HELP, MANAGE, PATH, UP, at, find_line, reference
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.texts import _, in_words
from serverkit.web.urls import Grade, Url


class Cancelling(BaseModel):
    """Why it is cancelled."""

    note: str = Field(max_length=1024)


FIELDS = {"note": Ui(_("Note"), _("It is kept with the transactions."), required=True)}
FORM, OF_LINE = Form(Cancelling, _("Cancel the order"), FIELDS), Form(Cancelling, _("Cancel line"), FIELDS)


def find_order(page: Page) -> dict[str, Any]:
    """The line of the address, which belongs to an order; UnknownOrderLineError."""
    one = find_line(page)
    if not one["order_number"]:
        raise UnknownOrderLineError
    return one


def _line(page: Page) -> str | None:
    """The line, where only that is cancelled."""
    return page.thing["order_line"] if page.url.path.endswith("cancel-line") else None


def _refusal(reason: dict[str, Any]) -> Refusal:
    return Refusal(in_words(reason["message"]), in_words(reason["remedy"]), reason["code"], 409)


def ask_page(page: Page) -> Answer:
    """What would go, and every reason against it; nothing is changed."""
    one, line = page.thing, _line(page)
    found = actions.preview_cancellation(page.unit, one["account"], one["order_number"], line)
    path = f"{at(one)}/{'cancel-line' if line is not None else 'cancel'}"
    form = OF_LINE if line is not None else FORM
    view = form.view(page, path, cancel=at(one), cancel_words=_("Keep it"), danger=True, typed_name=one["order_number"])
    words = ["central", "order", "cancel", one["account"], one["order_number"]]
    words += ["--line", line] if line is not None else []
    context = {
        "one": one,
        "found": found,
        "view": view,
        "back": at(one),
        "reasons": [_refusal(reason) for reason in found["reasons"]],
        "command": shlex.join([*words, "--note", "TEXT"]),
        "missing": sum(row["missing"] > 0 for row in found["items"]),
    }
    if line is not None:
        title = _("Cancel line {order}", order=reference(one))
    else:
        title = _("Cancel order {order}", order=one["order_number"])
    crumbs = (*UP, (reference(one), at(one)))
    return Shown("order-cancel", title, "order_cancel.html", context, crumbs=crumbs, nav="orders", help=HELP)


def cancel(page: Page) -> Answer:
    """Take everything out."""
    one = page.thing
    note = cast("Cancelling", page.read).note
    actions.cancel_order(page.unit, one["account"], one["order_number"], note, _line(page))
    return Moved(at(one), _("Cancelled: its licences were taken out."))


def number_of(page: Page) -> str:
    """What has to be typed."""
    return str(page.thing["order_number"])


def _both(verb: str) -> tuple[Url, Url]:
    path = f"{PATH}/{{id}}/{verb}"
    return (
        Url("GET", path, ask_page, MANAGE, "C4.2", load=find_order, fresh=True),
        Url(
            "POST", path, cancel, MANAGE, "C4.2", form=Cancelling, load=find_order, twin="cancel_order",
            grade=Grade.TYPED, fresh=True, names=number_of,
        ),
    )  # fmt: skip


URLS = (*_both("cancel"), *_both("cancel-line"))
