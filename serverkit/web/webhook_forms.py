"""Forms and words of the pages of webhooks (row B20)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from serverkit.errors import AppError
from serverkit.web.columns import StateWords
from serverkit.web.forms import Choice, Form, NoFields, Ui
from serverkit.web.mail_words import STATES
from serverkit.web.texts import Words, _
from serverkit.webhooks.sender import check_url

LEAST: dict[str, Words] = {
    "none": _("none"),
    "major": _("major only"),
    "minor": _("major and minor"),
    "informational": _("all"),
}
STATE_WORDS = {name: StateWords(*said) for name, said in STATES.items()}
TYPES: dict[str, Words] = {
    "event": _("Event"),
    "event.summary": _("Summary of events"),
    "alert": _("Alert"),
    "alert.summary": _("Summary of alerts"),
}


def _url(text: str) -> str:
    try:
        return check_url(text.strip())
    except AppError as error:
        raise ValueError(error.message) from None


class NewWebhook(BaseModel):
    """A receiver, and what it is told."""

    url: Annotated[str, AfterValidator(_url)] = Field(max_length=1000)
    name: str = Field(default="", max_length=255)
    alerts: Literal["none", "major", "minor", "informational"] = "major"
    events: list[str] = Field(default=[], max_length=100)


NEW = Form(
    NewWebhook,
    _("Add webhook"),
    {
        "url": Ui(
            _("Address"), _("Begins with https://."), kind="text", mono=True,
            placeholder="https://hooks.site.example/perigee",
        ),
        "name": Ui(_("Name"), _("Empty: the host.")),
        "alerts": Ui(
            _("Alerts that are told"), choices=tuple(Choice(*one) for one in LEAST.items()), kind="select"
        ),
        "events": Ui(
            _("Events that are told"),
            _("Kinds of events, one per line; user:* for all of users, * for all. Empty: none."),
            kind="textarea", mono=True,
        ),
    },
)  # fmt: skip
TEST = Form(NoFields, _("Send a test"))
AGAIN = Form(NoFields, _("Send again"))
REMOVE = Form(NoFields, _("Remove webhook"))
