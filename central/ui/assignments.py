"""Which virtual accounts have a subscription billed by usage: ticks, a preview, then the change (row C4.2)."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import urlencode

from central.actions import subscriptions as actions
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url

MANAGE = Permission.LICENCE_TRANSFER
PATH = f"{POOL}/licence-assign"
HELP = "central-portal#subscriptions"
STATES: dict[str, Words] = {"enabled": _("enabled"), "disabled": _("disabled, a duplicate")}


def root_of(page: Page) -> str:
    """The address of the assignments of the virtual account."""
    return f"/a/{page.parts['domain']}/va/{page.parts['number']}/licence-assign"


def assign_path(item: Any) -> str:
    """Where the subscriptions of a licence of a list are assigned."""
    return f"/a/{item['domain']}/va/{item['number']}/licence-assign?{urlencode({'tag': item['tag']})}"


def assign_page(page: Page) -> Answer:
    """The subscriptions of the virtual account; of one that was chosen, the virtual accounts with ticks."""
    sent = page.sent if page.url.changes else page.asked
    tag, chosen = sent.get("tag", ""), sent.get("subscription", "")
    rows = actions.list_subscriptions(page.unit, page.parts["domain"], page.thing["name"])
    rows = [one for one in rows if not tag or one["tag"] == tag]
    found = next((one for one in rows if one["subscription"] == chosen and one["tag"] == tag), None)
    if found is None and len(rows) == 1:
        found = rows[0]
    context = {"rows": [_described(page, one) for one in rows], "found": found, "places": [], "had": []}
    if found is not None:
        context |= _ticks(page, found)
    return _shown(page, "licence-assignment", _("Change assignment"), "assignment.html", context)


def _described(page: Page, item: dict[str, Any]) -> dict[str, Any]:
    """A subscription with its state here and the address of its ticks."""
    here = next(one for one in item["virtual_accounts"] if one["name"] == page.thing["name"])
    path = f"{root_of(page)}?{urlencode({'tag': item['tag'], 'subscription': item['subscription']})}"
    names = ", ".join(one["name"] for one in item["virtual_accounts"])
    return {**item, "here": here["state"], "path": path, "names": names}


def _ticks(page: Page, found: dict[str, Any]) -> dict[str, Any]:
    """All virtual accounts, those that have it with its state; ticked as they are, or as they were sent."""
    has = {one["name"]: one["state"] for one in found["virtual_accounts"]}
    duplicates = _others(page, found)
    places = [
        {
            "number": str(one["number"]),
            "name": one["name"],
            "state": has.get(one["name"], ""),
            "may": MANAGE in one["may"],
            "other": one["name"] in duplicates,
        }
        for one in list_places(page.unit, page.parts["domain"])
    ]
    had = [one["number"] for one in places if one["state"]]
    ticked = page.sent.getlist("place") if page.url.changes else had
    return {"places": places, "ticked": set(ticked), "had": page.sent.getlist("had") if page.url.changes else had}


def _others(page: Page, found: dict[str, Any]) -> set[str]:
    """The virtual accounts that have another subscription of the licence."""
    rows = actions.list_subscriptions(page.unit, page.parts["domain"], licence=found["tag"])
    others = [one for one in rows if one["subscription"] != found["subscription"]]
    return {place["name"] for one in others for place in one["virtual_accounts"]}


def _shown(page: Page, name: str, title: Words, template: str, context: dict[str, Any]) -> Shown:
    more = {"pool": page.thing, "root": root_of(page), "tab": "licences", "states": STATES, **pool_tabs(page.parts)}
    return Shown(name, title, template, {**more, **context}, help=HELP, nav="virtual-accounts")


def change(page: Page) -> Answer:
    """Show the preview; with `step=act` assign what was previewed, with `step=edit` show the ticks again."""
    step = page.sent.get("step", "")
    if step == "edit":
        return assign_page(page)
    tag, subscription, names, had = _wanted(page)
    if step != "act":
        return _preview(page, tag, subscription, names)
    actions.assign_subscription(page.unit, page.parts["domain"], tag, subscription, names, had)
    return Moved(f"{root_of(page)}?{urlencode({'tag': tag})}", _("Assignment of {name} changed.", name=subscription))


def _wanted(page: Page) -> tuple[str, str, list[str], list[str]]:
    """What was sent: licence, subscription, the names of the ticked virtual accounts, those that had it before."""
    known = {str(one["number"]): one["name"] for one in list_places(page.unit, page.parts["domain"])}
    ticked = list(known) if "all" in page.sent else page.sent.getlist("place")
    names = [known[number] for number in ticked if number in known]
    if not names:
        raise InvalidFormError({"place": _("Choose at least one virtual account.")})
    had = [known.get(number, number) for number in page.sent.getlist("had")]
    return page.sent.get("tag", "")[:255], page.sent.get("subscription", "")[:255], names, had


def _preview(page: Page, tag: str, subscription: str, names: list[str]) -> Shown:
    seen = actions.preview_assignment(page.unit, page.parts["domain"], tag, subscription, names)
    words = ["central", "subscription", "assign", page.parts["domain"], tag, subscription]
    command = shlex.join(words + [part for name in names for part in ("--virtual-account", name)])
    numbers = {one["name"]: str(one["number"]) for one in list_places(page.unit, page.parts["domain"])}
    context = {
        "seen": seen,
        "command": command,
        "sent": [numbers[name] for name in names],
        "had": page.sent.getlist("had"),
        "duplicates": [one["name"] for one in seen["virtual_accounts"] if one["state"] == "disabled"],
    }
    return _shown(
        page, "licence-assignment-preview", _("Change assignment: preview"), "assignment_preview.html", context
    )


URLS = (
    Url("GET", PATH, assign_page, MANAGE, "C4.2", load=find_pool),
    Url(
        "POST", PATH, change, MANAGE, "C4.2", load=find_pool, again=assign_page, twin="assign_subscription",
        grade=Grade.PREVIEW, several=("place", "had"),
    ),
)  # fmt: skip
