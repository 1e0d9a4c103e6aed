"""One satellite: facts, its authorization file, and what stops its synchronization (rows C11.1, C11.3)."""

from __future__ import annotations

from typing import Any

from central.actions import satellites as actions
from central.ui.satellites.frame import (
    LOOK,
    MANAGE,
    ONE,
    alert_lines,
    at,
    awaits_file,
    find,
    satellite_page,
    server_of,
    state_of,
    waits_long,
)
from central.ui.satellites.refusals import Cause, cause_of
from serverkit.web.answers import Answer, Sent
from serverkit.web.files import MEDIA, file_name
from serverkit.web.ladders import sync_ladder
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url


def show(page: Page) -> Answer:
    """The facts."""
    one = page.thing
    return satellite_page(
        page,
        "details",
        "satellite.html",
        {**state(page), "awaits": awaits_file(one), "lines": alert_lines(page, one["id"])},
    )


def state(page: Page) -> dict[str, Any]:
    """State, ladder and next step of the satellite."""
    one, now = page.thing, page.unit.licence_now
    ladder = sync_ladder(
        one["last_sync"], one["registered_at"], one["sync_due"], one["overdue_at"], one["removal_at"], now
    )
    return {"state_words": state_of(one, now), "ladder_": ladder, "late": waits_long(one, now)}


def troubleshoot(page: Page) -> Answer:
    """The ladder, the last refusal with its cause, and the steps to take."""
    one = page.thing
    cause: Cause | None = cause_of(one["sync_failure"]) if one["sync_failure"] else None
    return satellite_page(
        page, "troubleshoot", "satellite_troubleshoot.html", {**state(page), "cause": cause, "steps_": steps(page)}
    )


def steps(page: Page) -> list[tuple[Words, Words, tuple[Words, str] | None]]:
    """What to do, the most pressing first: what, how, and a page for it."""
    one = page.thing
    found: list[tuple[Words, Words, tuple[Words, str] | None]] = []
    if one["state"] == "pending" and not one["approved"]:
        found.append(
            (
                _("Wait for the approval"),
                _("The vendor approves within 48 hours; after that, contact its support."),
                None,
            )
        )
    if awaits_file(one):
        found.append(
            (
                _("Bring the authorization file"),
                _("Download it here and import it at the satellite."),
                (_("Authorization file"), at(one, "authorization")),
            )
        )
    if one["forked"]:
        found.append(
            (
                _("Decide which machine to keep"),
                _(
                    "Shut the other one down, make a new registration file on the one you keep, and resynchronize with it."
                ),
                (_("Resynchronize"), at(one, "resync")),
            )
        )
    if one["sync_failure"]:
        found.append(
            (
                _("Make a new request at the satellite"),
                _(
                    "Page Synchronization there, Make request file; send everything if a second file is refused too. Import the new file here."
                ),
                None,
            )
        )
    found.append(
        (
            _("Look at the satellite"),
            _(
                "Its page Synchronization has the doctor, which names the cause that stops it, and the number of the file that it waits for."
            ),
            None,
        )
    )
    found.append(
        (
            _("Compare the numbers"),
            _(
                "Central answered request {number} of epoch {epoch} last. A satellite that waits for an answer with a lower number was restored; one with a higher epoch is another machine.",
                number=one["sequence"],
                epoch=one["epoch"],
            ),
            (_("History"), at(one, "history")),
        )
    )
    found.append(
        (
            _("Resynchronize"),
            _(
                "If the machine was restored from an older copy, or its files stay refused: a new epoch begins with a new authorization file."
            ),
            (_("Resynchronize"), at(one, "resync")),
        )
    )
    found.append(
        (_("Contact support"), _("Name the satellite, its id, the epoch, and the code of the last refusal."), None)
    )
    return found


def authorization_page(page: Page) -> Answer:
    """Where the request is: waiting, or ready to be fetched."""
    one = page.thing
    context = {**state(page), "ready": one["approved"]}
    return satellite_page(page, "details", "satellite_authorization.html", context, help="central-portal#new-satellite")


def fetch_authorization(page: Page) -> Answer:
    """The authorization file, the same bytes each time."""
    one = page.thing
    made = actions.authorize_satellite(page.unit, server_of(page), one["domain"], one["name"])
    return Sent(file_name("authorization", one["name"], made.view["epoch"]), MEDIA, [made.data])


URLS = (
    Url("GET", ONE, show, LOOK, "C11.3", load=find),
    Url("GET", f"{ONE}/troubleshoot", troubleshoot, LOOK, "C11.3", load=find),
    Url("GET", f"{ONE}/authorization", authorization_page, LOOK, "C11.1", load=find),
    Url("POST", f"{ONE}/authorization", fetch_authorization, MANAGE, "C11.1", load=find),
)
