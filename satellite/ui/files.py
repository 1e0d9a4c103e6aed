"""Files on pages: what a person sent, the card of a file, and downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exchange.limits import AUTHORIZATION_BYTES, SYNC_FILE_BYTES
from serverkit.web.files import FIELDS_BYTES, Card
from serverkit.web.formats import distance, fours, moment, number, size
from serverkit.web.page import Page
from serverkit.web.texts import Text, Words, _, ngettext

MOST_AUTHORIZATION = AUTHORIZATION_BYTES + FIELDS_BYTES
MOST_RESPONSE = SYNC_FILE_BYTES + FIELDS_BYTES
KINDS: dict[str, Words] = {
    "allotment": _("allotment lines"),
    "authorization_renewal": _("renewed authorizations"),
    "claim": _("licences in use"),
    "entitlement": _("licences"),
    "event": _("events"),
    "export_decision": _("export decisions"),
    "export_request": _("export requests"),
    "export_return": _("returned licences"),
    "conversion_request": _("requests for conversion"),
    "conversion_result": _("results of conversions"),
    "grant": _("grants"),
    "grant_state": _("states of grants"),
    "instance": _("product instances"),
    "policy": _("policies"),
    "token": _("registration tokens"),
    "usage": _("usage reports"),
    "virtual_account": _("virtual accounts"),
}
"""What a file carries, by the kind of its rows; a kind that is not named here is shown as the format calls it."""
COUNTED: dict[str, Callable[[int], Text]] = {
    "allotment": lambda n: ngettext("{count} allotment line", "{count} allotment lines", n),
    "authorization_renewal": lambda n: ngettext("{count} renewed authorization", "{count} renewed authorizations", n),
    "claim": lambda n: ngettext("{count} licence in use", "{count} licences in use", n),
    "entitlement": lambda n: ngettext("{count} licence", "{count} licences", n),
    "event": lambda n: ngettext("{count} event", "{count} events", n),
    "export_decision": lambda n: ngettext("{count} export decision", "{count} export decisions", n),
    "export_request": lambda n: ngettext("{count} export request", "{count} export requests", n),
    "conversion_request": lambda n: ngettext("{count} request for conversion", "{count} requests for conversion", n),
    "conversion_result": lambda n: ngettext("{count} result of a conversion", "{count} results of conversions", n),
    "export_return": lambda n: ngettext("{count} returned licence", "{count} returned licences", n),
    "grant": lambda n: ngettext("{count} grant", "{count} grants", n),
    "grant_state": lambda n: ngettext("{count} state of a grant", "{count} states of grants", n),
    "instance": lambda n: ngettext("{count} product instance", "{count} product instances", n),
    "policy": lambda n: ngettext("{count} policy", "{count} policies", n),
    "token": lambda n: ngettext("{count} registration token", "{count} registration tokens", n),
    "usage": lambda n: ngettext("{count} usage report", "{count} usage reports", n),
    "virtual_account": lambda n: ngettext("{count} virtual account", "{count} virtual accounts", n),
}
TITLES: dict[str, Words] = {
    "registration": _("Registration file"),
    "authorization": _("Authorization file"),
    "sync-request": _("Request file"),
    "sync-response": _("Response file"),
}


def carried(counts: Mapping[str, int]) -> str:
    """What a file carries, in words: 3 licences, 2 allotment lines."""
    named = [
        str(COUNTED[kind](count)) if kind in COUNTED else f"{number(count)} {kind.replace('_', ' ')}"
        for kind, count in counts.items()
        if count
    ]
    return ", ".join(named) or str(_("nothing but its numbers"))


def authorization_card(view: Mapping[str, Any], bytes_: int, zone: str) -> Card:
    """The card of an authorization file that was checked."""
    card = view["card"]
    contents = card["contents"]
    ends = contents.get("identity_certificate") or (None, None)
    facts = [
        (_("Account"), f"{view['account_name'] or ''} ({view['account']})"),
        (_("For"), contents.get("satellite_name")),
        (_("From"), card["issuer"]),
        (_("Made"), moment(card["created"], zone)),
        (_("Virtual accounts"), ", ".join(view["virtual_accounts"]) or "–"),
        (_("Carries"), carried(view["counts"])),
        (_("Restricted licences"), _("allowed") if view["export_controlled_allowed"] else _("not allowed")),
        (_("Certificate renews by"), moment(ends[1], zone)),
        (_("Size"), size(bytes_)),
    ]
    return Card("authorization", TITLES["authorization"], facts, contents.get("digest", ""))


def registration_card(view: Mapping[str, Any], zone: str) -> Card:
    """The card of the registration file of this satellite."""
    facts = [
        (_("Satellite"), view["name"]),
        (_("Key, to be compared at central"), fours(view["key_fingerprint"].replace(" ", ""))),
        (_("Made"), moment(view["created"], zone)),
    ]
    return Card("registration", TITLES["registration"], facts, view["digest"])


def request_card(view: Mapping[str, Any], zone: str) -> Card:
    """The card of a request that was made."""
    facts = [
        (_("Number"), _("request {number} of epoch {epoch}", number=view["sequence"], epoch=view["epoch"])),
        (_("Made"), moment(view["made_at"], zone)),
        (_("Extent"), _("everything") if view["full"] else _("changes only")),
        (_("Carries"), carried(view["counts"])),
        (_("Size"), size(view["size"])),
    ]
    return Card("sync-request", TITLES["sync-request"], facts, view["digest"])


def response_card(view: Mapping[str, Any], bytes_: int, zone: str) -> Card:
    """The card of a response that was checked."""
    card = view["card"]
    contents = card["contents"]
    answers = _("request {number}", number=contents["answers_seq"])
    facts = [
        (_("Number"), _("response {number} of epoch {epoch}", number=card["sequence"], epoch=card["epoch"])),
        (_("Answers"), answers),
        (_("From"), card["issuer"]),
        (_("Made"), moment(card["created"], zone)),
        (_("Carries"), carried(view["counts"])),
        (_("Size"), size(bytes_)),
    ]
    return Card("sync-response", TITLES["sync-response"], facts, contents.get("digest", ""))


def ago(page: Page, at: str | None) -> str:
    """How long ago something was, in words."""
    return distance(at, page.now) if at else "–"
