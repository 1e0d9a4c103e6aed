"""Everything that was chosen, to be read once more, and the end of the set-up (row S1.5)."""

from __future__ import annotations

from typing import Any

from satellite.actions.setup import finish_setup, show_progress
from satellite.actions.setup_steps import review_setup
from satellite.core.access.rules import Permission
from satellite.core.site.rules import BY_FILES, BY_NETWORK, SERVED_NOW, TIME_UNSETTLED
from satellite.ui.setup.steps import path_of, server_of, step_page
from satellite.ui.setup.time import STANDINGS
from satellite.ui.way import FIELDS, WORDS
from serverkit.web.answers import Answer, Moved
from serverkit.web.page import Page
from serverkit.web.schedule_words import DAYS, EVERY, WEEKDAYS
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

MANAGE = Permission.SITE_MANAGE


REASONS: dict[str, Words] = {
    "not_authorized": _("Not registered yet: apply the authorization file of central in the step Register."),
    "mode_not_chosen": _("Choose how to synchronize in the step Synchronization."),
    "not_configured": _("Give the address of central in the step Synchronization."),
}
"""Why the set-up cannot be finished, by the code of the reason."""
SAID: dict[str, Words] = {
    TIME_UNSETTLED: _("The time was neither measured nor confirmed by a person."),
    SERVED_NOW: _("Devices and programs are served from now on."),
    BY_NETWORK: _("Synchronization is over the network."),
    BY_FILES: _("Synchronization is by files."),
}
"""What the rule says of finishing, in the language of the page."""


def show(page: Page) -> Answer:
    """The summary; each line leads back to its step."""
    found = review_setup(server_of(page), page.unit)
    lines = [
        (_("Register"), _registered(found["register"]), path_of("register")),
        (_("Time"), _time(found["time"]), path_of("time")),
        (_("Synchronization"), way_words(found["sync"]), path_of("sync")),
        (_("What leaves the site"), _privacy(found["privacy"]), path_of("sync")),
    ]
    finished = show_progress(page.unit).finished
    verdict = found["verdict"]
    context = {
        "lines": lines,
        "finished": finished,
        "allowed": verdict["allowed"],
        "reasons": [(one["code"], REASONS.get(one["code"], one["message"])) for one in verdict["reasons"]],
        "warnings": [SAID.get(one, one) for one in verdict["warnings"]],
        "effects": [SAID.get(one, one) for one in verdict["effects"]] if verdict["allowed"] else [],
    }
    return step_page(page, "summary", _("Summary"), "setup_summary.html", context)


def finish(page: Page) -> Answer:
    """Finish the set-up."""
    finish_setup(server_of(page), page.unit)
    return Moved("/", _("The set-up is finished. Devices are served from now on."))


def _registered(found: dict[str, Any]) -> Words:
    if not found["epoch"]:
        return _("not registered yet")
    return _("{account}, epoch {epoch}", account=found["account_name"] or found["account"], epoch=found["epoch"])


def _time(found: dict[str, Any]) -> Words:
    measured = found["measured"]
    zone = found["zone"]
    if measured and measured["offset_seconds"] is not None:
        return _("off by {seconds} s when measured, {zone}", seconds=measured["offset_seconds"], zone=zone)
    if found["confirmed"]:
        return _("{standing}, {zone}", standing=STANDINGS.get(found["standing"], found["standing"]), zone=zone)
    return _("neither measured nor confirmed, {zone}", zone=zone)


def way_words(found: dict[str, Any]) -> Words:
    """How a site synchronizes, in a few words."""
    if found["mode"] is None:
        return _("not chosen yet")
    if found["mode"] == "manual":
        return _("by files")
    if found["every"] == "off":
        return _("over the network, {url}, when a person asks for it", url=found["url"])
    every = EVERY[found["every"]]
    day: Words = ""
    if found["every"] == "weekly":
        day = DAYS[WEEKDAYS.index(found["day"])]
    elif found["every"] == "monthly":
        day = str(found["day"])
    return _(
        "over the network, {url}, {every} {day} at {at} ({zone})",
        url=found["url"], every=every, day=day, at=found["at"], zone=found["zone"],
    )  # fmt: skip


def _privacy(found: dict[str, str]) -> Words:
    kept_back = [f"{FIELDS[name]} {WORDS[choice]}" for name, choice in found.items() if choice != "send"]
    return ", ".join(kept_back) if kept_back else _("all fields are sent as they are")


URLS = (
    Url("GET", "/setup/summary", show, MANAGE, "S1.5"),
    Url("POST", "/setup/summary", finish, MANAGE, "S1.5", twin="finish_setup"),
)
