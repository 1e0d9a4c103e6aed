"""Mail about alerts: the server, the recipients, a test, and the newest mails (row S3.4)."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, Field, SecretStr

from satellite.actions import mail as actions
from satellite.actions.mail import Address, Authorities, Host
from satellite.ui.settings.frame import MANAGE, PATH, server_of, settings_page
from serverkit.mail.routes import MOST_RECIPIENTS, Least, Route
from serverkit.web.answers import Answer, Moved
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.mail_words import ROUTES, SECURITY, STATES
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Url

MAIL = f"{PATH}/mail"
TITLE = _("Mail")


class MailForm(BaseModel):
    """Everything about mail."""

    host: Host = Field(default="", max_length=253)
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    authorities: Authorities = Field(default="", max_length=actions.MOST_AUTHORITIES)
    user: str = Field(default="", max_length=255)
    password: SecretStr | None = Field(default=None, max_length=1024)
    sender: Address = Field(default="perigee@localhost", max_length=255)
    recipients: list[Route] = Field(default=[], max_length=MOST_RECIPIENTS)
    least: Least = "major"


FORM = Form(
    MailForm,
    _("Save"),
    {
        "host": Ui(_("Mail server"), _("Empty: no mail is sent."), mono=True, placeholder="mail.site.example"),
        "port": Ui(_("Port"), width="narrow"),
        "security": Ui(_("Encryption"), choices=tuple(Choice(*one) for one in SECURITY.items()), kind="select"),
        "authorities": Ui(
            _("CA certificate"), _("In PEM form; only needed if this machine does not trust the CA already."),
            kind="textarea", mono=True,
        ),
        "user": Ui(_("User name"), _("If the server requires one.")),
        "password": Ui(_("Password"), _("Leave it empty to keep the one that is set."), kind="password"),
        "sender": Ui(_("Sender"), mono=True),
        **ROUTES,
    },
)  # fmt: skip


def present(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile; a password is no part of it."""
    found = actions.show_mail(page.unit)
    return {name: found[name] for name in MailForm.model_fields if name != "password"}


def show(page: Page) -> Answer:
    """The settings, a test, and the newest mails."""
    found = actions.show_mail(page.unit)
    typed = page.typed if page.typed is not None else {}
    context = {
        "found": found,
        "view": FORM.view(page, MAIL, current=present(page), fresh="host" not in typed),
        "rows": [(one, *STATES[one["state"]]) for one in found["items"]],
    }
    return settings_page("mail", TITLE, "settings_mail.html", context, "mail-and-log-server")


def save(page: Page) -> Answer:
    """Keep the settings."""
    read = cast("MailForm", page.read)
    password = read.password.get_secret_value() if read.password is not None else None
    actions.change_mail(server_of(page), page.unit, read.model_dump(exclude={"password"}), password)
    return Moved(MAIL, _("Saved."))


def test(page: Page) -> Answer:
    """Send a mail now."""
    found = actions.send_test_mail(server_of(page), page.actor)
    return Moved(MAIL, _("{host} took the mail to {to}.", host=found["host"], to=found["to"]))


URLS = (
    Url("GET", MAIL, show, MANAGE, "S3.4"),
    Url("POST", MAIL, save, MANAGE, "S3.4", form=MailForm, again=show, most_bytes=256 * 1024, current=present),
    Url("POST", f"{MAIL}/test", test, MANAGE, "S3.4", again=show, alone=True),
)
