"""The steps as they are above every page of the set-up; what is done is read from the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from satellite.actions import setup_steps
from satellite.runtime import Satellite
from serverkit.web.answers import Shown
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.wizard import StepView

PATH = "/setup"
TITLES: dict[str, Words] = {
    "check": _("Check this machine"),
    "register": _("Register"),
    "time": _("Time"),
    "sync": _("Synchronization"),
    "summary": _("Summary"),
}


def path_of(step: str) -> str:
    """The address of a step."""
    return f"{PATH}/{step}"


def next_step(page: Page) -> str | None:
    """The first step that is not done; None once the set-up is finished."""
    found = setup_steps.show_wizard(server_of(page), page.unit)
    return None if found["finished"] else found["next"]


def step_views(page: Page) -> list[StepView]:
    """The steps; one can be taken when all before it are done, or wait for an answer of central's."""
    server = server_of(page)
    found = setup_steps.show_wizard(server, page.unit)
    waits = setup_steps.show_registration_step(server, page.unit)["waiting_since"] is not None
    views, is_open = [], True
    for item in found["items"]:
        name, done = item["step"], bool(item["done"])
        is_link = is_open or bool(found["finished"])
        views.append(StepView(name, TITLES[name], path_of(name) if is_link else "", done))
        is_open = is_open and (done or (name == "register" and waits))
    return views


def step_page(
    page: Page, name: str, title: Words, template: str, context: Mapping[str, Any], *, help: str = "set-up"
) -> Shown:
    """The page of a step."""
    more = {"steps": step_views(page), "step": name, **context}
    return Shown(f"setup-{name}", title, template, more, help=help)


def server_of(page: Page) -> Satellite:
    """The server of a page."""
    return cast("Satellite", page.server)
