"""Completing upgrades in three steps: quantity and option, review, done (row C5.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from central.actions import upgrades as actions
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.errors import AppError
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.texts import _, ngettext
from serverkit.web.urls import Grade, Url
from serverkit.web.wizard import StepView

MANAGE, LOOK = Permission.LICENCE_TRANSFER, Permission.VIRTUAL_ACCOUNT_VIEW
PATH = f"{POOL}/licence-upgrade"
HELP = "central-portal#upgrades"
SHORT = _(
    "This quantity cannot be upgraded: not enough licences are available in this virtual account. Lower the quantity, or choose a virtual account that holds more licences to replace."
)


class Completion(BaseModel):
    """What was reviewed: the upgrade, how many, which option, and what the quantities were."""

    licence: str = Field(max_length=255)
    quantity: int = Field(ge=1, le=1_000_000_000)
    option: str = Field(max_length=400)
    state: str = Field(max_length=64)


def root_of(page: Page) -> str:
    """The address of the upgrades of the virtual account."""
    return f"/a/{page.parts['domain']}/va/{page.parts['number']}/licence-upgrade"


def upgrade_path(item: Any) -> str:
    """Where the pending upgrade to a licence of a list is completed."""
    return f"/a/{item['domain']}/va/{item['number']}/licence-upgrade?{urlencode({'tag': item['tag']})}"


def upgrade_page(page: Page) -> Answer:
    """What is pending here; with a licence its quantity and options; with an option the review."""
    asked = _asked(page)
    if not asked["tag"]:
        return _list(page)
    try:
        found = actions.preview_upgrade_at(
            page.unit, page.parts["domain"], page.parts["number"], asked["tag"], _whole(asked["quantity"])
        )
    except AppError as error:
        return _shown(page, "upgrade.html", {"found": None, "reasons": [Refusal.of(error)]})
    option = next((one for one in found["options"] if one["option"] == asked["option"]), None)
    if option is not None and option["allowed"] and page.refusal is None:
        return _review(page, found, option)
    context = {
        "found": found,
        "typed": asked["quantity"],
        "chosen": asked["option"] or next((one["option"] for one in found["options"] if one["allowed"]), ""),
        "places": _places(page, asked["tag"]),
        "short": SHORT if not any(one["allowed"] for one in found["options"]) else "",
        "possible": any(one["allowed"] for one in found["options"]),
        "reasons": [],
        "steps": _steps(page, "choose"),
    }
    return _shown(page, "upgrade.html", context)


def _asked(page: Page) -> dict[str, str]:
    if page.url.changes:
        sent = page.sent
        return {"tag": sent.get("licence", ""), "quantity": sent.get("quantity", ""), "option": sent.get("option", "")}
    return {name: page.query.get(name, "").strip() for name in ("tag", "quantity", "option")}


def _whole(text: str) -> int | None:
    """A quantity; None for the largest one, 0 for what is none."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _places(page: Page, tag: str) -> list[dict[str, Any]]:
    """The virtual accounts in which this upgrade is pending, and the person may complete it."""
    waiting = {
        one["virtual_account"] for one in actions.list_upgrades(page.unit, page.parts["domain"]) if one["tag"] == tag
    }
    places = list_places(page.unit, page.parts["domain"])
    return [
        {**one, "path": f"/a/{one['domain']}/va/{one['number']}/licence-upgrade"}
        for one in places
        if MANAGE in one["may"] and one["name"] in waiting
    ]


def _list(page: Page) -> Shown:
    domain, pool = page.parts["domain"], page.thing
    rows = actions.list_upgrades(page.unit, domain, pool["name"])
    items = [{**one, "path": f"{root_of(page)}?{urlencode({'tag': one['tag']})}"} for one in rows]
    return _shown(page, "upgrades.html", {"rows": items})


def _review(page: Page, found: dict[str, Any], option: dict[str, Any]) -> Shown:
    values = {
        "licence": found["tag"],
        "quantity": found["quantity"],
        "option": option["option"],
        "state": found["state"],
    }
    view = Form(BaseModel, _("Complete upgrade")).view(
        page,
        root_of(page),
        cancel=f"{root_of(page)}?{urlencode({'tag': found['tag'], 'quantity': found['quantity']})}",
        cancel_words=_("Back"),
        hidden=[(name, str(value)) for name, value in values.items()],
    )
    return _shown(
        page, "upgrade_review.html", {"found": found, "option": option, "view": view, "steps": _steps(page, "review")}
    )


def _steps(page: Page, current: str) -> list[StepView]:
    first = f"{root_of(page)}?{urlencode({'tag': _asked(page)['tag']})}"
    return [
        StepView("choose", _("Quantity and option"), first, current == "review"),
        StepView("review", _("Review"), "", done=False),
    ]


def _shown(page: Page, template: str, context: dict[str, Any]) -> Shown:
    more = {"pool": page.thing, "root": root_of(page), "tab": "licences", "steps": [], **pool_tabs(page.parts)}
    return Shown(
        "licence-upgrade", _("Upgrade licences"), template, {**more, **context}, help=HELP, nav="virtual-accounts"
    )


def complete(page: Page) -> Answer:
    """Complete what was reviewed."""
    read: Any = page.read
    done = actions.complete_upgrade(
        page.unit,
        page.parts["domain"],
        page.thing["name"],
        read.licence,
        read.quantity,
        read.option,
        read.state,
    )
    notice = ngettext("{count} licence upgraded.", "{count} licences upgraded.", done["quantity"])
    return Moved(root_of(page), notice)


URLS = (
    Url("GET", PATH, upgrade_page, MANAGE, "C5.1", load=find_pool),
    Url(
        "POST", PATH, complete, MANAGE, "C5.1", form=Completion, load=find_pool, twin="complete_upgrade",
        grade=Grade.PREVIEW,
    ),
)  # fmt: skip
