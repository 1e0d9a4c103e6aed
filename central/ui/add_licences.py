"""Licences that a device brings, added to the inventory of its virtual account: choose, review, add (row C7.4)."""

from __future__ import annotations

from typing import Any

from central.actions import adding as actions
from central.ui.instance import find_instance, own_path, within
from central.ui.instances import MANAGE, PATH, managed
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.form_reading import read_pairs
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Grade, Url
from serverkit.web.wizard import StepView

ADD = f"{PATH}/{{id}}/add-licences"
STEPS = (("choose", _("Choose licences")), ("review", _("Review")))
DIGITS = 10
OFF = _("Nothing can be added: an administrator of the account switched *add to inventory* off.")


def sent_counts(page: Page) -> dict[str, str]:
    """What was typed, by tag."""
    return dict(zip(page.sent.getlist("tag"), page.sent.getlist("quantity"), strict=False))


def wanted_of(page: Page) -> dict[str, int]:
    """The quantities by tag; blank is none. InvalidFormError."""
    found = {}
    for tag, text in read_pairs(page.sent, "tag", "quantity").items():
        plain = text.strip() or "0"
        if not (plain.isascii() and plain.isdecimal() and len(plain) <= DIGITS):
            raise InvalidFormError({"quantity": _("Enter whole numbers; blank is 0.")})
        found[tag] = int(plain)
    return found


def choose_page(page: Page) -> Answer:
    """The licences that the device brings, with how many are left; what was typed stays."""
    one, typed = page.thing, sent_counts(page)
    offered = actions.list_additions(page.unit, one["domain"], one["id"], page.parts["number"])
    rows = [{**offer, "value": typed.get(offer["tag"], "")} for offer in offered]
    off = None if actions.is_adding_on(page.unit, one["domain"]) else OFF
    return _shown(page, "choose", {"rows": rows, "refused": page.refusal, "managed": managed(one) or off})


def add(page: Page) -> Answer:
    """Review what was chosen; with `step=act` add it, with `step=back` choose again."""
    one, step = page.thing, page.sent.get("step", "")
    if step == "back":
        return choose_page(page)
    wanted = wanted_of(page)
    actions.refuse_additions(page.unit, one["domain"], one["id"], wanted)
    if step == "act":
        actions.add_licences(page.unit, one["domain"], one["id"], wanted)
        return Moved(own_path(page), _("Licences added to {place}.", place=one["virtual_account"]))
    offered = {row["tag"]: row for row in actions.list_additions(page.unit, one["domain"], one["id"])}
    rows = [{**offered[tag], "value": str(count)} for tag, count in wanted.items() if count]
    return _shown(page, "review", {"rows": rows, "refused": None, "managed": None})


def _shown(page: Page, step: str, context: dict[str, Any]) -> Shown:
    one = page.thing
    shown = [StepView(name, words, "", name == "choose" and step == "review") for name, words in STEPS]
    more = {"one": one, "path": own_path(page), "step": step, "steps_shown": shown, **context}
    title = _("Add licences of {name} to inventory", name=one["name"])
    return Shown(f"instance-add-licences-{step}", title, "instance_add_licences.html", more, **within(page))


URLS = (
    Url("GET", ADD, choose_page, MANAGE, "C7.4", load=find_instance),
    Url(
        "POST",
        ADD,
        add,
        MANAGE,
        "C7.4",
        several=("tag", "quantity"),
        load=find_instance,
        again=choose_page,
        twin="add_licences_of_instance",
        grade=Grade.PREVIEW,
    ),
)
