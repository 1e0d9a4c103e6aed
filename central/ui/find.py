"""The search of central: accounts and virtual accounts by what they are called."""

from __future__ import annotations

from central.actions.accounts import search_places
from serverkit.db.unit import Unit
from serverkit.web.console import Found
from serverkit.web.texts import _


def find(unit: Unit, text: str) -> list[Found]:
    """What a text finds, by kind."""
    accounts, pools = search_places(unit, text)
    return [
        *(Found(one["name"], f"/a/{one['domain']}/va", _("Accounts"), one["domain"]) for one in accounts),
        *(
            Found(one["name"], f"/a/{one['domain']}/va/{one['number']}/general", _("Virtual accounts"), one["domain"])
            for one in pools
        ),
    ]
