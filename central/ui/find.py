"""The search of central: pages, accounts, devices, licences, orders, satellites, tokens and codes by what people know."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from central.actions.search import Hit, search
from central.domain.access.rules import Permission
from serverkit.db.unit import Unit
from serverkit.web.console import Found, NavItem, SignedIn
from serverkit.web.searching import found_codes, found_pages
from serverkit.web.texts import Words, _


def find(unit: Unit, who: SignedIn, text: str, navigation: Sequence[NavItem]) -> list[Found]:
    """What a text finds, by kind."""
    hits = search(unit, text)

    def listed(some: list[Hit], kind: Words, path: str) -> list[Found]:
        return [Found(one.name, path.format(**_parts(one)), kind, _note(one)) for one in some]

    # The vendor's list of orders finds one by its index; the log of an account is searched as text.
    orders = "/orders?q={id}" if Permission.ORDER_MANAGE in who.permissions else "/a/{domain}/transactions?q={id}"
    return [
        *found_codes(text, "errors"),
        *found_pages(navigation, who, text),
        *listed(hits.accounts, _("Accounts"), "/a/{domain}/va"),
        *listed(hits.places, _("Virtual accounts"), "/a/{domain}/va/{number}/general"),
        *listed(hits.instances, _("Product instances"), "/a/{domain}/va/{number}/instances/{id}"),
        *listed(hits.licences, _("Licences"), "/a/{domain}/va/{number}/licences/{id}"),
        *listed(hits.orders, _("Orders"), orders),
        *listed(hits.satellites, _("Satellites"), "/a/{domain}/satellites/{id}"),
        *listed(hits.tokens, _("Registration tokens"), "/a/{domain}/va/{number}/general"),
    ]


def _parts(one: Hit) -> dict[str, str]:
    return {"domain": quote(one.domain, safe=""), "number": one.number, "id": quote(one.id, safe="")}


def _note(one: Hit) -> str:
    return one.note if one.note == one.domain or not one.id else f"{one.note}, {one.domain}"
