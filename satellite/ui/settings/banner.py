"""The text that people read before they sign in (row S3.4)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions.console_settings import BannerText, change_banner, show_banner
from satellite.ui.settings.frame import MANAGE, PATH, settings_page
from serverkit.web.answers import Answer, Moved
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Url

BANNER = f"{PATH}/banner"
TITLE = _("Banner")


class BannerForm(BaseModel):
    """The text."""

    text: BannerText = Field(default="", max_length=4000)


FORM = Form(
    BannerForm,
    _("Save"),
    {"text": Ui(_("Text"), _("At most 4000 characters, shown as text. Empty: nothing is shown."), kind="textarea")},
)


def present(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile."""
    return {"text": show_banner(page.unit)}


def show(page: Page) -> Answer:
    """The text as it is shown, and its form."""
    found = present(page)
    context = {**found, "view": FORM.view(page, BANNER, current=found)}
    return settings_page("banner", TITLE, "settings_banner.html", context, "settings#banner-and-network-of-a-satellite")


def save(page: Page) -> Answer:
    """Keep the text."""
    change_banner(page.unit, cast("BannerForm", page.read).text)
    return Moved(BANNER, _("Saved."))


URLS = (
    Url("GET", BANNER, show, MANAGE, "S3.4"),
    Url("POST", BANNER, save, MANAGE, "S3.4", form=BannerForm, current=present),
)
