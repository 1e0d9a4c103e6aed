"""Writing to the vendor: feedback, and a support request (row C12.5)."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from central.actions import contact as actions
from central.actions.accounts import name_accounts
from central.actions.time import zone_of
from serverkit.errors import InvalidInputError
from serverkit.mail.sender import check_address
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Choice, Form, FormView, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url

FEEDBACK, SUPPORT = "/feedback", "/support"
CATEGORIES: dict[str, Words] = {
    "like": _("I like something"),
    "dislike": _("I dislike something"),
    "suggestion": _("Suggestion"),
    "problem": _("Problem or error"),
    "general": _("General"),
}
MOST_CHOICES = 100
HELP = "central-portal#feedback-and-support"


class Feedback(BaseModel):
    """What someone thinks."""

    category: Literal["like", "dislike", "suggestion", "problem", "general"] = "general"
    text: str = Field(max_length=actions.MOST_LETTERS)
    anonymous: bool = False


class Support(BaseModel):
    """A support request."""

    description: str = Field(max_length=actions.MOST_LETTERS)
    account: str = Field(max_length=253)
    reporter: str = Field(max_length=255)
    by: Literal["mail", "phone"] = "mail"
    address: str = Field(default="", max_length=255)
    number: str = Field(default="", max_length=64)
    zone: str = Field(default="", max_length=64)


FEEDBACK_FORM = Form(
    Feedback,
    _("Send"),
    {
        "category": Ui(_("Category"), kind="radios", choices=tuple(Choice(*one) for one in CATEGORIES.items())),
        "text": Ui(_("Text"), kind="textarea"),
        "anonymous": Ui(_("Send without my name"), _("Otherwise your name and the id of your user go along.")),
    },
)
SUPPORT_FORM = Form(
    Support,
    _("Send"),
    {
        "description": Ui(_("Description"), _("What you did, what happened, what you expected."), kind="textarea"),
        "account": Ui(_("Account"), mono=True),
        "reporter": Ui(_("Reporter"), _("Who is to be answered.")),
        "by": Ui(_("Answer by"), kind="radios", choices=(Choice("mail", _("E-mail")), Choice("phone", _("telephone")))),
        "address": Ui(_("E-mail address"), _("Needed for an answer by e-mail."), kind="email"),
        "number": Ui(_("Telephone number"), _("Needed for an answer by telephone.")),
        "zone": Ui(_("Time zone"), _("Such as Europe/Vienna: when you can be called."), mono=True),
    },
)


def _page(page: Page, name: str, title: Words, view: FormView, intro: Words) -> Shown:
    context: dict[str, Any] = {"view": view, "intro": intro}
    if not actions.contacts(page.server)[name]:
        context = {"view": None, "intro": _("The vendor has set no address for this. Write to the vendor directly.")}
    return Shown(name, title, "contact.html", context, help=HELP)


def feedback_page(page: Page) -> Answer:
    """The form of feedback."""
    intro = _("It goes to the vendor by mail.")
    return _page(page, "feedback", _("Feedback"), FEEDBACK_FORM.view(page, FEEDBACK), intro)


def send_feedback(page: Page) -> Answer:
    """Send it."""
    read = cast("Feedback", page.read)
    actions.send_feedback(page.server, page.unit, read.category, read.text, anonymous=read.anonymous)
    return Moved("/", _("Thank you. Your feedback is on its way."))


def support_page(page: Page) -> Answer:
    """The form of a support request."""
    known = name_accounts(page.unit, MOST_CHOICES + 1)
    few = len(known) <= MOST_CHOICES and known
    choices = {"account": [Choice(domain, f"{name} ({domain})") for domain, name in known]} if few else {}
    values = {
        "reporter": page.actor.name,
        "zone": zone_of(page.unit),
        "account": known[0][0] if len(known) == 1 else "",
        "by": "mail",
    }
    intro = _("It goes to the vendor's support by mail. You are answered within 48 hours.")
    view = SUPPORT_FORM.view(page, SUPPORT, values=values, choices=choices)
    return _page(page, "support", _("Support request"), view, intro)


def request_support(page: Page) -> Answer:
    """Send it."""
    read = cast("Support", page.read)
    reasons: dict[str, Words] = {}
    needed = "address" if read.by == "mail" else "number"
    if not getattr(read, needed):
        reasons[needed] = _("Needed for this way of an answer.")
    if read.address:
        try:
            check_address(read.address)
        except InvalidInputError as error:
            reasons["address"] = error.message
    if reasons:
        raise InvalidFormError(reasons)
    actions.request_support(page.server, page.unit, actions.SupportRequest(**read.model_dump()))
    return Moved("/", _("Your request is on its way to support."))


URLS = (
    Url("GET", FEEDBACK, feedback_page, SIGNED_IN, "C12.5"),
    Url("POST", FEEDBACK, send_feedback, SIGNED_IN, "C12.5", form=Feedback),
    Url("GET", SUPPORT, support_page, SIGNED_IN, "C12.5"),
    Url("POST", SUPPORT, request_support, SIGNED_IN, "C12.5", form=Support),
)
