"""The log server that every event is sent to, and a test (row S3.4)."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from satellite.actions import syslog as actions
from satellite.actions.mail import MOST_AUTHORITIES, Authorities, Host
from satellite.ui.settings.frame import MANAGE, PATH, server_of, settings_page
from serverkit.web.answers import Answer, Moved
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

SYSLOG = f"{PATH}/syslog"
TITLE = _("Log server")
TRANSPORTS: dict[str, Words] = {
    "udp": _("UDP: lost messages are not noticed"),
    "tcp": _("TCP"),
    "tls": _("TLS"),
}


class SyslogForm(BaseModel):
    """Where events go."""

    host: Host = Field(default="", max_length=253)
    transport: Literal["udp", "tcp", "tls"] = "tls"
    port: int = Field(default=0, ge=0, le=65_535)
    authorities: Authorities = Field(default="", max_length=MOST_AUTHORITIES)
    facility: int = Field(default=16, ge=0, le=23)


FORM = Form(
    SyslogForm,
    _("Save"),
    {
        "host": Ui(_("Log server"), _("Empty: nothing is sent."), mono=True, placeholder="log.site.example"),
        "transport": Ui(_("Transport"), choices=tuple(Choice(*one) for one in TRANSPORTS.items()), kind="select"),
        "port": Ui(_("Port"), _("0 for the usual one: 514, with TLS 6514."), width="narrow"),
        "authorities": Ui(
            _("CA certificate"), _("In PEM form; only needed if this machine does not trust the CA already."),
            kind="textarea", mono=True,
        ),
        "facility": Ui(_("Facility"), _("0 to 23; 16 is local0."), width="narrow"),
    },
)  # fmt: skip


def present(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile; TLS is proposed where no log server is set."""
    found = actions.show_syslog(page.unit)
    values = found if found["host"] else {**found, "transport": "tls"}
    return {name: values[name] for name in SyslogForm.model_fields}


def show(page: Page) -> Answer:
    """The settings, a test, and how the last sending went."""
    found = actions.show_syslog(page.unit)
    typed = page.typed if page.typed is not None else {}
    context = {"found": found, "view": FORM.view(page, SYSLOG, current=present(page), fresh="host" not in typed)}
    return settings_page("syslog", TITLE, "settings_syslog.html", context, "mail-and-log-server")


def save(page: Page) -> Answer:
    """Keep the settings."""
    actions.change_syslog(page.unit, cast("SyslogForm", page.read).model_dump())
    return Moved(SYSLOG, _("Saved."))


def test(page: Page) -> Answer:
    """Send a message now."""
    found = actions.send_test_message(server_of(page), page.actor)
    if found["transport"] == "udp":
        return Moved(SYSLOG, _("Sent. With UDP only the log server knows whether it arrived."))
    return Moved(SYSLOG, _("{host} took the message.", host=found["host"]))


URLS = (
    Url("GET", SYSLOG, show, MANAGE, "S3.4"),
    Url("POST", SYSLOG, save, MANAGE, "S3.4", form=SyslogForm, again=show, most_bytes=256 * 1024, current=present),
    Url("POST", f"{SYSLOG}/test", test, MANAGE, "S3.4", again=show, alone=True),
)
