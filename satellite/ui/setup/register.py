"""Register by files: carry the registration out, bring the authorization back, check it, apply it (row S1.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions.incoming import Incoming, apply_checked, check_incoming, drop_checked, find_checked
from satellite.actions.registration import export_registration
from satellite.actions.setup_steps import download_registration, show_registration_step
from satellite.core.access.rules import Permission
from satellite.ui.files import MOST_AUTHORIZATION, authorization_card, registration_card
from satellite.ui.setup.steps import path_of, server_of, step_page
from satellite.ui.zone import zone_of
from serverkit.web.answers import Answer, Moved
from serverkit.web.files import download, file_name, sent_file
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

RESYNC = "/sync/resync"
MANAGE, KIND = Permission.SITE_MANAGE, Incoming.AUTHORIZATION
OUTCOMES: dict[str, Words] = {
    "applied": _("The authorization was applied: this satellite is registered."),
    "already_applied": _("This authorization was applied before. There is nothing to do."),
    "older_than_applied": _("A newer authorization was applied already. There is nothing to do."),
}
CARRIED_OUT = "satellite registration export --output registration.pgx"
BROUGHT_BACK = "satellite registration import authorization.pgx"


class Apply(BaseModel):
    """The file that was checked, by its digest."""

    sha256: str = Field(max_length=64)


def base_of(page: Page) -> str:
    """The address under which the files are exchanged: in the set-up, or to resynchronize later."""
    return RESYNC if page.url.path.startswith(RESYNC) else path_of("register")


def show(page: Page) -> Answer:
    """Both directions: what is carried out, what was brought back."""
    return step_page(page, "register", _("Register this satellite"), "setup_register.html", register_context(page))


def register_context(page: Page) -> dict[str, Any]:
    """What both panels show."""
    server, zone = server_of(page), zone_of(page)
    found = show_registration_step(server, page.unit)
    checked = find_checked(server, KIND)
    return {
        "base": base_of(page),
        "found": found,
        "registration": registration_card(found["registration"], zone) if found["registration"] else None,
        "checked": checked,
        "card": authorization_card(checked.view, checked.size, zone) if checked else None,
        "calm": OUTCOMES.get(checked.view["outcome"]) if checked and checked.view["outcome"] != "applied" else None,
        "most": MOST_AUTHORIZATION,
        "commands": f"{CARRIED_OUT}\n{BROUGHT_BACK}",
    }


def make(page: Page) -> Answer:
    """Make a registration file."""
    export_registration(server_of(page), page.unit)
    return Moved(base_of(page), _("The registration file is made. Download it and carry it to central."))


def fetch(page: Page) -> Answer:
    """The registration file, as often as it is wanted."""
    found = download_registration(server_of(page), page.unit)
    return download(file_name("registration", found.view["name"]), found.content)


def check(page: Page) -> Answer:
    """Check an authorization file; nothing is changed."""
    check_incoming(server_of(page), page.actor, KIND, sent_file(page))
    return Moved(base_of(page))


def apply(page: Page) -> Answer:
    """Apply the file that was checked."""
    found = apply_checked(server_of(page), page.actor, KIND, cast("Apply", page.read).sha256)
    return Moved(base_of(page), OUTCOMES.get(found["outcome"], found["outcome"]))


def drop(page: Page) -> Answer:
    """Discard the file that was checked."""
    drop_checked(server_of(page), page.actor, KIND, cast("Apply", page.read).sha256)
    return Moved(base_of(page))


def register_urls(base: str, show_page: Callable[[Page], Answer], row: str) -> tuple[Url, ...]:
    """The addresses of both directions under `base`, whose page is `show_page`."""
    big = MOST_AUTHORIZATION
    return (
        Url("GET", base, show_page, MANAGE, row),
        Url("POST", f"{base}/make", make, MANAGE, row, again=show_page, twin="export_registration"),
        Url("GET", f"{base}/file", fetch, MANAGE, row),
        Url("POST", f"{base}/authorization", check, MANAGE, row, again=show_page, alone=True, most_bytes=big),
        Url("POST", f"{base}/apply", apply, MANAGE, row, form=Apply, again=show_page, alone=True),
        Url("POST", f"{base}/drop", drop, MANAGE, row, form=Apply, again=show_page, alone=True),
    )


URLS = register_urls(path_of("register"), show, "S1.2")
