"""Pages of registration tokens, alike in both consoles: words of the list and the form, the text of a token, questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from serverkit.web.answers import Answer, Sent, Shown
from serverkit.web.bulk import Judged
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.tables import Column, Filter, Item, StateWords
from serverkit.web.texts import Words, _

STATES = {
    "active": StateWords(_("Usable")),
    "used_up": StateWords(_("All uses taken"), Severity.INFO),
    "expired": StateWords(_("Ended")),
    "revoked": StateWords(_("Revoked")),
}
TEXT = Filter("q", _("Description or id"), "text")
STATE = Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items()))
DESCRIPTION = Column(
    "description", _("Description"), sort=True, fixed=True, phone=True, value=lambda one: one["description"] or "–"
)
FIELDS = {
    "description": Ui(_("Description"), _("Where it will be used, such as a building.")),
    "days": Ui(_("Days"), _("1 to 365; after that the token registers no device."), width="narrow"),
    "uses": Ui(_("Uses"), _("How many devices may register; empty for no limit."), width="narrow"),
    "export_controlled": Ui(_("Devices may use restricted functions")),
}
QUESTIONS = {
    "show": (_("Show token"), _("Show the text of {name}? Anyone who reads it can register devices."), _("Cancel")),
    "revoke": (_("Revoke token"), _("Revoke {name}? Devices that registered with it stay registered."), _("Keep it")),
    "remove": (_("Remove token"), _("Remove {name} from the list? The event log keeps it."), _("Keep it")),
}
"""By what is done: the title, the question and the words of the way back."""


def uses(item: Item) -> str:
    """How many uses are taken."""
    most = item["max_uses"]
    return str(
        _("{uses} of {most}", uses=item["uses"], most=most) if most else _("{uses}, no limit", uses=item["uses"])
    )


def only_active(item: Item) -> Words | None:
    """Why a token cannot be shown or revoked."""
    return None if item["state"] in {"active", "used_up"} else _("It registers no device any more.")


def only_over(item: Item) -> Words | None:
    """Why a token cannot be removed from the list."""
    return _("Revoke it first.") if item["state"] in {"active", "used_up"} else None


Judge = Callable[[Page, Sequence[Item], Any], list[Judged]]


def judge_revoke(why: Callable[[Item], Words | None] = only_active) -> Judge:
    """Which tokens can be revoked."""
    return _judge(why, _("No device registers with it any more; those that did stay."))


def judge_remove(why: Callable[[Item], Words | None] = only_over) -> Judge:
    """Which tokens can leave the list."""
    return _judge(why, _("Leaves the list; the event log keeps it."))


def _judge(why: Callable[[Item], Words | None], effect: Words) -> Judge:
    return lambda _page, items, _read: [Judged(one["id"], _name(one), why(one), effect) for one in items]


def _name(token: Item) -> str:
    return str(token["description"] or token["id"])


@dataclass(frozen=True)
class TokenPlace:
    """Where a page finds its tokens: the address above each token, that of the list, and the link of the navigation."""

    root: str
    back: str
    nav: str
    crumbs: tuple[tuple[Words, str], ...] = ()

    def ask(self, page: Page, verb: str) -> Answer:
        """Ask before the token of the address is shown, revoked or removed."""
        token, (title, question, keep) = page.thing, QUESTIONS[verb]
        view = Form(BaseModel, title).view(
            page,
            f"{self.root}/{token['id']}/{verb}",
            cancel=self.back,
            cancel_words=keep,
            danger=verb == "revoke",
        )
        context = {
            "view": view,
            "effect": _(question.message, name=_name(token)),
            "effects": (),
            "about": ((_("Virtual account"), token["virtual_account"]),),
        }
        return Shown(f"token-{verb}", title, "confirm.html", context, crumbs=self.crumbs, nav=self.nav)

    def made(self, text: str, token: Mapping[str, Any]) -> Answer:
        """The text of a token that was just made."""
        return self._text("token-made", _("Token made"), text, token)

    def shown(self, text: str, token: Mapping[str, Any]) -> Answer:
        """The text of a token, to copy or to download."""
        return self._text("token-shown", _("Registration token"), text, token)

    def _text(self, name: str, title: Words, text: str, token: Mapping[str, Any]) -> Answer:
        context = {"text": text, "token": token, "root": self.root, "back": self.back}
        return Shown(name, title, "token_made.html", context, crumbs=self.crumbs, nav=self.nav)


def token_file(text: str, token: Mapping[str, Any]) -> Answer:
    """The text of a token as a file."""
    return Sent(f"token-{token['id'][:8]}.txt", "text/plain; charset=utf-8", [f"{text}\n".encode()])
