"""Where *Inventory* opens: the virtual account that the person chose, else the default one, else the list (row C1.6)."""

from __future__ import annotations

from typing import Literal, cast

from pydantic import BaseModel

from central.actions.virtual_accounts import find_home
from central.domain.access.rules import Permission
from central.ui.frame import general
from central.ui.virtual_accounts import PATH, POOL, find_pool
from serverkit.web.answers import Answer, Moved
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url

INVENTORY = "inventory"
"""The preference: the number of the chosen virtual account, by the domain of the account."""
MOST_KEPT = 200


class Home(BaseModel):
    """Whether *Inventory* opens this virtual account."""

    home: Literal["yes", "no"]


def chosen(page: Page) -> dict[str, str]:
    """What the person chose in each account."""
    kept = page.preferences.get(INVENTORY)
    return {str(domain): str(number) for domain, number in kept.items()} if isinstance(kept, dict) else {}


def is_chosen(page: Page) -> bool:
    """Whether the person chose the virtual account of the address."""
    return chosen(page).get(page.parts["domain"]) == page.parts["number"]


def open_inventory(page: Page) -> Answer:
    """Go on to the virtual account, or to the list where there is none that the person sees first."""
    domain = page.parts["domain"]
    found = find_home(page.unit, domain, chosen(page).get(domain, ""))
    return Moved(general(found) if found is not None else f"/a/{domain}/va")


def choose(page: Page) -> Answer:
    """Keep the virtual account, or take the default one again."""
    domain, pool = page.parts["domain"], page.thing
    kept = {name: number for name, number in chosen(page).items() if name != domain}
    if cast("Home", page.read).home == "yes":
        kept = {domain: str(pool["number"]), **dict(list(kept.items())[: MOST_KEPT - 1])}
        said = _("Inventory opens {name} from now on.", name=pool["name"])
    else:
        said = _("Inventory opens the default virtual account again.")
    page.keep_preference(INVENTORY, kept or None)
    return Moved(general(pool), said)


URLS = (
    Url("GET", PATH.removesuffix("va") + "inventory", open_inventory, SIGNED_IN, "C1.6"),
    Url("POST", f"{POOL}/home", choose, Permission.VIRTUAL_ACCOUNT_VIEW, "C1.6", form=Home, load=find_pool),
)
