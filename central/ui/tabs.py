"""The tabs of a virtual account and of an account's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serverkit.web.texts import Words, _

Tabs = tuple[tuple[str, Words, str], ...]


def pool_tabs(parts: Mapping[str, str]) -> dict[str, Any]:
    """What the template of a page of a virtual account needs to show its tabs."""
    root = f"/a/{parts['domain']}/va/{parts['number']}"
    items: Tabs = (("general", _("General"), f"{root}/general"), ("events", _("Event log"), f"{root}/events"))
    return {"tab_items": items, "tab_label": _("Parts of the virtual account")}


def record_tabs(parts: Mapping[str, str]) -> dict[str, Any]:
    """The same for the records of an account."""
    root = f"/a/{parts['domain']}"
    items: Tabs = (
        ("events", _("Event log"), f"{root}/events"),
        ("transactions", _("Licence transactions"), f"{root}/transactions"),
    )
    return {"tab_items": items, "tab_label": _("Activity")}
