"""Mail: the outbox with causes, trying again, how mail is sent, and a test (row C12.2)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import mail as actions
from central.domain.access.rules import Permission
from serverkit.errors import InvalidInputError
from serverkit.mail.routes import MOST_RECIPIENTS, Least, Route
from serverkit.mail.sender import check_address
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.columns import StateWords
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Choice, Form, NoFields, Ui
from serverkit.web.mail_words import ROUTES, SECURITY, STATES
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Figure, Filter, Item, Moment, Rows, State, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

MANAGE = Permission.VENDOR_MANAGE
PATH, TEST, TOLD = "/mail", "/mail/test", "/mail/routes"
HELP = "mail-and-log-server#mail-of-central"
STATE_WORDS = {name: StateWords(*said) for name, said in STATES.items()}


def mail_rows(page: Page, wanted: Wanted) -> Rows:
    """The mails that are wanted."""
    return rows_of(page, actions.list_mail_window, wanted)


def only_unsent(item: Item) -> Words | None:
    """Why a mail is not tried again."""
    return _("This mail was sent.") if item["state"] == "sent" else None


def judge_retry(_page: Page, items: Any, _read: Any) -> list[Judged]:
    """Which mails can be tried again."""
    effect = _("Is tried again within a minute.")
    return [Judged(one["id"], f"{one['subject']} ({one['to']})", only_unsent(one), effect) for one in items]


def retry_one(page: Page, item: Item, _read: Any) -> Words:
    """Try one again."""
    actions.retry_mail(page.unit, item["id"])
    return _("is tried again")


MAILS = Table(
    "mail",
    _("Outbox"),
    PATH,
    (
        Column(
            "subject", _("Subject"), sub="to", fixed=True, phone=True, link=lambda one: f"{PATH}/{one['id']}",
        ),
        State("state", _("State"), STATE_WORDS, phone=True),
        Column("last_error", _("Cause of the last failure")),
        Figure("attempts", _("Attempts")),
        Moment("at", _("Written"), sort=True, phone=True),
        Moment("sent_at", _("Sent"), shown=False),
        Moment("next_attempt", _("Next attempt")),
    ),
    mail_rows,
    sort="-at",
    filters=(
        Filter("q", _("Recipient, subject or cause"), "text"),
        Filter("state", _("State"), choices=tuple(Choice(name, said[0]) for name, said in STATES.items())),
    ),
    bulk=(Bulk("retry", _("Try again"), MANAGE, judge_retry, retry_one, "C12.2"),),
    empty=Empty(
        _("No mail yet"),
        _("Mails about alerts, satellites and reports wait here until the mail server takes them; sent ones stay for 30 days."),
    ),
)  # fmt: skip
TITLE = _("Mail")
UP = ((TITLE, PATH),)


class TestForm(BaseModel):
    """To whom a mail is sent."""

    to: str = Field(max_length=255)


class RoutesForm(BaseModel):
    """Who is told of the vendor's own alerts."""

    recipients: list[Route] = Field(default=[], max_length=MOST_RECIPIENTS)
    least: Least = "major"


WHO = Form(RoutesForm, _("Save"), ROUTES)
TRY = Form(TestForm, _("Send a test mail"), {"to": Ui(_("Recipient"), mono=True, placeholder="ops@vendor.example")})
RETRY = Form(NoFields, _("Try again"))


def list_page(page: Page) -> Answer:
    """The outbox, the settings and a test."""
    found = actions.show_mail_settings(page.server, page.unit)
    context = {
        "found": found,
        "security": SECURITY[found["security"]],
        "view": TRY.view(page, TEST, quiet=True),
        "routes": WHO.view(
            page, TOLD, current=present(page), fresh=page.typed is None or "least" not in page.typed, quiet=True
        ),
    }
    return table_page(page, MAILS, template="mail.html", context=context, help=HELP, title=TITLE)


def present(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile."""
    return actions.show_mail_routes(page.unit)


def save_routes(page: Page) -> Answer:
    """Keep who is told of the vendor's own alerts."""
    actions.change_mail_routes(page.unit, cast("RoutesForm", page.read).model_dump())
    return Moved(PATH, _("Saved."))


def test(page: Page) -> Answer:
    """Send a mail now."""
    to = cast("TestForm", page.read).to
    try:
        check_address(to)
    except InvalidInputError as error:
        raise InvalidFormError({"to": error.message}) from error
    found = actions.send_test_mail(page.server, page.actor, to)
    return Moved(PATH, _("{host} took the mail to {to}.", host=found["host"], to=found["to"]))


def find_mail(page: Page) -> dict[str, Any]:
    """The mail of the address; UnknownMailError."""
    return actions.show_mail(page.unit, page.parts["id"])


def mail_page(page: Page) -> Answer:
    """One mail: what became of it, and trying it again."""
    one = page.thing
    words, severity = STATES[one["state"]]
    again = RETRY.view(page, f"{PATH}/{one['id']}/retry") if one["state"] != "sent" else None
    context = {"one": one, "words": words, "sign": severity, "view": again}
    return Shown("mail-entry", one["subject"] or TITLE, "mail_entry.html", context, crumbs=UP, nav="mail", help=HELP)


def retry(page: Page) -> Answer:
    """Try it again."""
    actions.retry_mail(page.unit, page.parts["id"])
    return Moved(PATH, _("The mail is tried again within a minute."))


URLS = (
    Url("GET", PATH, list_page, MANAGE, "C12.2", table=MAILS),
    Url("POST", TEST, test, MANAGE, "C12.2", form=TestForm, again=list_page, alone=True, twin="test_mail"),
    Url(
        "POST",
        TOLD,
        save_routes,
        MANAGE,
        "B20",
        form=RoutesForm,
        again=list_page,
        current=present,
        twin="change_mail_routes",
    ),
    *bulk_urls(MAILS),
    Url("GET", f"{PATH}/{{id}}", mail_page, MANAGE, "C12.2", load=find_mail),
    Url("POST", f"{PATH}/{{id}}/retry", retry, MANAGE, "C12.2", form=NoFields, load=find_mail, again=mail_page),
)
