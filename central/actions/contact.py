"""Use cases of writing to the vendor: feedback and support requests, by mail through the outbox (row C12.5)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from central.domain.accounts.queries import by_domain
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.notices.errors import NoContactError
from central.domain.notices.rules import Mail, feedback_mail, support_mail
from central.domain.notices.services import count_message, notify
from central.runtime import Central
from serverkit.db.unit import Unit
from serverkit.mail.sender import check_address
from serverkit.names import check_text

Category = Literal["like", "dislike", "suggestion", "problem", "general"]
MOST_LETTERS = 10_000


@dataclass(frozen=True, slots=True)
class SupportRequest:
    """What a support request says; `by` is `mail` or `phone`, `address` and `number` are how the reporter is reached."""

    description: str
    account: str
    reporter: str
    by: Literal["mail", "phone"]
    address: str
    number: str
    zone: str


def contacts(server: Central) -> dict[str, bool]:
    """Which forms there are."""
    found = server.settings.contact
    return {"feedback": found.feedback is not None, "support": found.support is not None}


def send_feedback(server: Central, unit: Unit, category: Category, text: str, *, anonymous: bool) -> dict[str, Any]:
    """Write feedback to the vendor; an anonymous one says nothing of its author.

    NoContactError, TooManyMessagesError.
    """
    plain = _text("text", text)
    author = None if anonymous else f"{unit.actor.name} ({unit.actor.id})"
    _send(unit, server.settings.contact.feedback, feedback_mail(category, plain, author))
    count_message(unit)
    return {"category": category, "anonymous": anonymous, "sent": True}


def request_support(server: Central, unit: Unit, wanted: SupportRequest) -> dict[str, Any]:
    """Write a support request; the account's log says that it was.

    NoContactError, UnknownAccountError, TooManyMessagesError.
    """
    account = by_domain(unit, wanted.account)
    plain = _text("description", wanted.description)
    for name in ("reporter", "number", "zone"):
        check_text(name, getattr(wanted, name))
    if wanted.address:
        check_address(wanted.address)
    facts = {**asdict(wanted), "description": plain, "account": f"{account.name} ({account.domain})"}
    _send(unit, server.settings.contact.support, support_mail(facts, f"{unit.actor.name} ({unit.actor.id})"))
    count_message(unit, account.id)
    record(unit, account.id, EventKind.SUPPORT_REQUESTED, "a support request was sent to the vendor")
    return {"account": account.domain, "sent": True}


def _text(what: str, text: str) -> str:
    plain = text.replace("\r\n", "\n").strip()
    check_text(what, plain.replace("\n", " ").replace("\t", " "), MOST_LETTERS)
    return plain


def _send(unit: Unit, to: str | None, mail: Mail) -> None:
    if to is None:
        raise NoContactError
    notify(unit, to, mail)
