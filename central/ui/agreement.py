"""The licensing agreement of an account: read, accept (row C1.4)."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel

from central.actions import accounts as actions
from central.domain.access.rules import Permission
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url

ACCEPT = Permission.AGREEMENT_ACCEPT
PATH = "/a/{domain}/agreement"


class Agreed(BaseModel):
    """The version that was read, and the tick."""

    read_version: int
    agree: bool = False


FORM = Form(
    Agreed,
    _("Accept"),
    {"read_version": Ui(kind="hidden"), "agree": Ui(_("I have read the agreement and accept it for this account"))},
)


def show(page: Page) -> Answer:
    """The text, and what of it was accepted by whom; the form for who has authority."""
    found = actions.show_agreement(page.unit, page.parts["domain"])
    view = None
    if found["pending"] and page.may(ACCEPT):
        root = f"/a/{page.parts['domain']}"
        values = {"read_version": found["version"]}
        view = FORM.view(page, f"{root}/agreement", values=values, cancel=f"{root}/alerts", cancel_words=_("Later"))
    return Shown(
        "agreement",
        _("Licensing agreement"),
        "agreement.html",
        {"found": found, "view": view},
        help="central-portal#licensing-agreement",
    )


def accept(page: Page) -> Answer:
    """Accept the version that was shown; another one that came meanwhile is shown first."""
    read, domain = cast("Agreed", page.read), page.parts["domain"]
    if not read.agree:
        raise InvalidFormError({"agree": _("Tick this to accept.")})
    if read.read_version != actions.show_agreement(page.unit, domain)["version"]:
        raise InvalidFormError({"agree": _("A newer version was published since. Read it first.")})
    actions.accept_agreement(page.unit, domain)
    return Moved(f"/a/{domain}/alerts", _("Agreement accepted."))


URLS = (
    Url("GET", PATH, show, SIGNED_IN, "C1.4"),
    Url("POST", PATH, accept, ACCEPT, "C1.4", form=Agreed, twin="accept_agreement"),
)
