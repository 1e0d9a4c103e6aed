"""The network: what a page changes of it, and what the system does (row S3.4)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions.console_settings import change_network, show_network
from satellite.core.settings.rules import Names
from satellite.ui.settings.frame import MANAGE, PATH, server_of, settings_page
from serverkit.web.answers import Answer, Moved
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Url

NETWORK = f"{PATH}/network"
TITLE = _("Network")


class NetworkForm(BaseModel):
    """Names by which this server is reached, and the proxy of synchronization."""

    names: Names = Field(default=[], max_length=50)
    proxy: str = Field(default="", max_length=300)


FORM = Form(
    NetworkForm,
    _("Save"),
    {
        "names": Ui(
            _("Names and addresses of this server"),
            _("Those that devices and browsers use, one per line. The self-signed certificate includes them."),
            kind="textarea",
            mono=True,
        ),
        "proxy": Ui(
            _("Proxy for synchronization"), _("Leave it empty for none. Credentials in it are not shown again."),
            placeholder="http://proxy:3128", mono=True,
        ),
    },
)  # fmt: skip


def present(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile."""
    found = show_network(server_of(page), page.unit)
    return {"names": found["names"], "proxy": found["proxy"] or ""}


def show(page: Page) -> Answer:
    """What can be changed here, and what the system says."""
    found = show_network(server_of(page), page.unit)
    context = {"found": found, "view": FORM.view(page, NETWORK, current=present(page))}
    return settings_page(
        "network", TITLE, "settings_network.html", context, "settings#banner-and-network-of-a-satellite"
    )


def save(page: Page) -> Answer:
    """Keep names and proxy."""
    read = cast("NetworkForm", page.read)
    change_network(server_of(page), page.unit, read.names, read.proxy)
    return Moved(NETWORK, _("Saved."))


URLS = (
    Url("GET", NETWORK, show, MANAGE, "S3.4"),
    Url("POST", NETWORK, save, MANAGE, "S3.4", form=NetworkForm, current=present),
)
