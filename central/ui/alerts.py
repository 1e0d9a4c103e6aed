"""Alerts of an account: list, dismiss, remind later, restore (row C10.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from central.actions import alerts as actions
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from serverkit.db.unit import Unit
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Column,
    Empty,
    Filter,
    Item,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
    from_list,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url

MANAGE = Permission.ALERT_MANAGE
PATH = "/a/{domain}/alerts"
SEVERITIES = {
    "major": StateWords(_("Major"), Severity.MAJOR),
    "minor": StateWords(_("Minor"), Severity.MINOR),
    "informational": StateWords(_("Informational"), Severity.INFO),
}
STATES = {
    "open": StateWords(_("Open")),
    "reminded": StateWords(_("Put off")),
    "dismissed": StateWords(_("Dismissed")),
    "cleared": StateWords(_("Over")),
}
URGENCY = {name: at for at, name in enumerate(SEVERITIES)}
SHOWN = {"": ("open",), "hidden": ("reminded", "dismissed"), "cleared": ("cleared",)}


def alert_rows(page: Page, wanted: Wanted) -> Rows:
    """The alerts that are wanted, the open ones where no state is chosen; as urgent as the list of them says."""
    domain, state = page.parts["domain"], wanted.filters.get("state", "")
    pools = {one["id"]: one for one in list_places(page.unit, domain)}
    found = actions.list_alerts(page.unit, domain, every=bool(state)).items
    states = SHOWN.get(state, SHOWN[""])
    items = []
    for rank, one in enumerate(found):
        if one["state"] in states:
            pool = pools.get(str(one["subject"].get("virtual_account") or ""))
            items.append({**one, "domain": domain, "rank": rank, "pool": pool})
    return from_list(ALERTS, items, wanted)


def place_of(item: Item) -> tuple[Words, str] | None:
    """Where the condition of an alert is changed: the words and the address."""
    root = f"/a/{item['domain']}"
    if item["kind"].startswith("agreement"):
        return _("Read the agreement"), f"{root}/agreement"
    if item["pool"] is not None:
        return _("Open {name}", name=item["pool"]["name"]), f"{root}/va/{item['pool']['number']}/general"
    return None


def next_words(item: Item) -> str | None:
    """What can be done about it."""
    found = place_of(item)
    return str(found[0]) if found else None


def next_path(item: Item) -> str | None:
    """Where it is done."""
    found = place_of(item)
    return found[1] if found else None


def kind_words(item: Item) -> Words:
    """What kind an alert is."""
    return str(item["kind"]).replace("_", " ")


def is_open(item: Item) -> bool:
    """Whether an alert is shown by itself."""
    return bool(item["state"] == "open")


def is_hidden(item: Item) -> bool:
    """Whether a person put an alert away."""
    return item["state"] in {"reminded", "dismissed"}


def not_dismissed(item: Item) -> Words | None:
    """Why an alert cannot be dismissed."""
    if "dismiss" not in item["actions"]:
        return _("It stays until its condition ends.")
    return None if item["state"] in {"open", "reminded"} else _("It is not open.")


def not_put_off(item: Item) -> Words | None:
    """Why an alert cannot be put off."""
    if "remind" not in item["actions"]:
        return _("It has no later step.")
    return None if item["state"] == "open" else _("It is not open.")


def not_restored(item: Item) -> Words | None:
    """Why an alert cannot be restored."""
    return None if is_hidden(item) else _("It is neither dismissed nor put off.")


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: f"/a/{one['domain']}/alerts/{one['id']}/{verb}"


Do = Callable[[Unit, str, str], Any]


def _bulk(name: str, label: Words, why: Callable[[Item], Words | None], do: Do, said: Words) -> Bulk:
    def judge(_page: Page, items: Any, _read: Any) -> list[Judged]:
        return [Judged(one["id"], one["message"], why(one)) for one in items]

    def act(page: Page, item: Item, _read: Any) -> Words:
        do(page.unit, page.parts["domain"], item["id"])
        return said

    return Bulk(name, label, MANAGE, judge, act, "C10.1")


def pools(page: Page) -> list[Choice]:
    """The virtual accounts to choose from, by id."""
    return [Choice(one["id"], one["name"]) for one in list_places(page.unit, page.parts["domain"])]


ALERTS = Table(
    "alerts",
    _("Alerts"),
    PATH,
    (
        Column("message", _("What"), fixed=True, phone=True, sub=kind_words),
        State("severity", _("Severity"), SEVERITIES, sort=True, phone=True, rank=lambda one: one["rank"]),
        Column("next", _("What to do"), value=next_words, link=next_path, phone=True),
        Column("source", _("Source"), sort=True),
        Moment("action_due", _("Action due"), sort=True),
        Moment("raised_at", _("Raised"), sort=True, shown=False),
        State("state", _("State"), STATES, shown=False),
        Moment("remind_at", _("Comes back"), shown=False),
    ),
    alert_rows,
    sort="severity",
    filters=(
        Filter("q", _("Text or source"), "text", on=("message", "source")),
        Filter("severity", _("Severity"), choices=tuple(Choice(name, one.words) for name, one in SEVERITIES.items())),
        Filter(
            "virtual_account",
            _("Virtual account"),
            choices=pools,
            test=lambda item, value: item["pool"] is not None and item["pool"]["id"] == value,
        ),
        Filter(
            "state",
            _("State"),
            choices=(Choice("hidden", _("dismissed and put off")), Choice("cleared", _("over"))),
            usual=_("open"),
            test=lambda _item, _value: True,
        ),
    ),
    acts=(
        Act(_("Dismiss"), _act("dismiss"), MANAGE, not_dismissed, fits=is_open),
        Act(_("Remind later"), _act("remind"), MANAGE, not_put_off, fits=is_open),
        Act(_("Restore"), _act("restore"), MANAGE, not_restored, fits=is_hidden),
    ),
    bulk=(
        _bulk("dismiss", _("Dismiss"), not_dismissed, actions.dismiss_alert, _("dismissed")),
        _bulk("remind", _("Remind later"), not_put_off, actions.remind_alert, _("put off")),
        _bulk("restore", _("Restore"), not_restored, actions.restore_alert, _("restored")),
    ),
    empty=Empty(
        _("Nothing asks for attention"),
        _(
            "Alerts come by themselves when licences are missing, devices are silent or a satellite is overdue, and go when that ends."
        ),
    ),
)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, ALERTS, help="central-portal#alerts")


def find_alert(page: Page) -> dict[str, Any]:
    """The alert of the address; UnknownAlertError."""
    return actions.find_alert(page.unit, page.parts["domain"], page.parts["id"])


def _root(page: Page) -> str:
    return f"/a/{page.parts['domain']}/alerts"


def _confirm(page: Page, title: Words, effect: Words, verb: str) -> Answer:
    one, root = page.thing, _root(page)
    view = Form(BaseModel, title).view(page, f"{root}/{one['id']}/{verb}", cancel=root, cancel_words=_("Leave it"))
    context = {"view": view, "effect": effect, "effects": (), "about": ((_("Alert"), one["message"]),)}
    crumbs = ((ALERTS.title, root),)
    return Shown(
        f"alert-{verb}", title, "confirm.html", context, crumbs=crumbs, nav="alerts", help="central-portal#alerts"
    )


def dismiss_page(page: Page) -> Answer:
    """Say what dismissing does."""
    return _confirm(page, _("Dismiss alert"), _("It stays away until its condition ends and comes again."), "dismiss")


def remind_page(page: Page) -> Answer:
    """Say what putting off does."""
    return _confirm(
        page,
        _("Remind later"),
        _("The alert returns at its next stage, or after half of the remaining time."),
        "remind",
    )


def restore_page(page: Page) -> Answer:
    """Say what restoring does."""
    return _confirm(page, _("Restore alert"), _("It is shown again with the open ones."), "restore")


def dismiss(page: Page) -> Answer:
    """Dismiss an alert."""
    actions.dismiss_alert(page.unit, page.parts["domain"], page.thing["id"])
    return Moved(_root(page), _("Alert dismissed. It is listed with the dismissed ones."))


def remind(page: Page) -> Answer:
    """Put an alert off."""
    actions.remind_alert(page.unit, page.parts["domain"], page.thing["id"])
    return Moved(_root(page), _("Alert put off. It is listed with those that were put off."))


def restore(page: Page) -> Answer:
    """Show an alert again."""
    actions.restore_alert(page.unit, page.parts["domain"], page.thing["id"])
    return Moved(_root(page), _("Alert restored."))


def _both(verb: str, show: Any, do: Any) -> list[Url]:
    path = f"{PATH}/{{id}}/{verb}"
    return [
        Url("GET", path, show, MANAGE, "C10.1", load=find_alert),
        Url("POST", path, do, MANAGE, "C10.1", load=find_alert, twin=f"{verb}_alert"),
    ]


URLS = (
    Url("GET", PATH, list_page, SIGNED_IN, "C10.1", table=ALERTS),
    *_both("dismiss", dismiss_page, dismiss),
    *_both("remind", remind_page, remind),
    *_both("restore", restore_page, restore),
    *bulk_urls(ALERTS),
)
