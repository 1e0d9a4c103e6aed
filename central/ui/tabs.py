"""The tabs of a virtual account and of an account's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.domain.access.rules import ALL_POOLS
from serverkit.web.texts import Words, _

OF_ALL = ("licences",)
"""The tabs that there are for all virtual accounts at once."""
Tabs = tuple[tuple[str, Words, str], ...]


def pool_tabs(parts: Mapping[str, str]) -> dict[str, Any]:
    """What the template of a page of a virtual account needs to show its tabs."""
    root = f"/a/{parts['domain']}/va/{parts['number']}"
    items: Tabs = (
        ("general", _("General"), f"{root}/general"),
        ("licences", _("Licences"), f"{root}/licences"),
        ("transfers", _("Transfers"), f"{root}/licences/transfers"),
        ("events", _("Event log"), f"{root}/events"),
    )
    if parts["number"] == ALL_POOLS:
        items = tuple(one for one in items if one[0] in OF_ALL)
    return {"tab_items": items, "tab_label": _("Parts of the virtual account")}


def record_tabs(parts: Mapping[str, str]) -> dict[str, Any]:
    """The same for the records of an account."""
    root = f"/a/{parts['domain']}"
    items: Tabs = (
        ("events", _("Event log"), f"{root}/events"),
        ("transactions", _("Licence transactions"), f"{root}/transactions"),
    )
    return {"tab_items": items, "tab_label": _("Activity")}
