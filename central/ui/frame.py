"""What stands around every page of central: place with its pickers, navigation, alerts of the place, the agreement's notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central.actions.accounts import name_accounts, show_account, show_agreement
from central.actions.alerts import list_alerts_around
from central.actions.time import zone_of
from central.actions.virtual_accounts import find_place, pick_places
from central.domain.access.rules import ALL_POOLS, Permission
from central.runtime import Central
from central.ui.navigation import items_of
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.web.console import AlertLine, Crumb, Frame, Severity, SignedIn
from serverkit.web.formats import moment
from serverkit.web.texts import Words, _, in_words

SEVERITIES = {"major": Severity.MAJOR, "minor": Severity.MINOR, "informational": Severity.INFO}
MOST_ACCOUNTS, MOST_POOLS, WORST = 100, 100, 20
STAYING = frozenset({"agreement_pending", "agreement_updated"})
"""Alerts that no one can hide."""


@dataclass(frozen=True)
class Place:
    """An account that an address names, and perhaps one of its virtual accounts, as far as the person may know them."""

    account: dict[str, Any]
    pool: dict[str, Any] | None = None
    whole: bool = False

    @property
    def domain(self) -> str:
        """The domain of the account."""
        return str(self.account["domain"])


def make_frame(
    server: Central, unit: Unit, who: SignedIn | None, parts: Mapping[str, str], exists: Callable[[str], bool]
) -> Frame:
    """The frame; a stranger sees the name of the vendor and nothing else."""
    root = server.keyring.trust.root
    if who is None:
        return Frame(root.vendor_name)
    zone = zone_of(unit)
    band = _("Laboratory. Clock {now}", now=moment(unit.now, zone).striptags()) if root.lab else ""
    place = _place(unit, parts)
    if place is None:
        return Frame(root.vendor_name, items_of(None, "", "", exists), band=band, zone=zone)
    in_pools = place.pool is not None or place.whole
    pools = pick_places(unit, place.domain, MOST_POOLS + 1) if in_pools else []
    picked = [one["id"] for one in pools]
    around = list_alerts_around(
        unit, place.domain, place.pool["id"] if place.pool else None, most=WORST, always=STAYING, picked=picked
    )
    numbers = by_level(around.account)
    lines = [_line(place, item) for item in around.items]
    return Frame(
        root.vendor_name,
        items_of(place.domain, counted(numbers), counted(by_level(around.satellites)), exists),
        alerts=lines,
        band=band,
        zone=zone,
        numbers=by_level(around.here),
        trail=_trail(unit, place, pools, around.places),
        reminder=_reminder(unit, place, who),
        alert_place=f"{place.domain}/{place.pool['number']}" if place.pool else place.domain,
        alert_marks={SEVERITIES[one]: mark for one, mark in around.marks.items()},
    )


def by_level(counts: Mapping[str, int]) -> dict[Severity, int]:
    """Counts of alerts by the severity of pages."""
    return {severity: counts.get(level, 0) for level, severity in SEVERITIES.items()}


def counted(numbers: Mapping[Severity, int]) -> Words:
    """The urgent alerts in words; nothing where there is none."""
    major, minor = numbers[Severity.MAJOR], numbers[Severity.MINOR]
    words = [_("{count} major", count=major)] if major else []
    words += [_("{count} minor", count=minor)] if minor else []
    return ", ".join(str(one) for one in words)


def _place(unit: Unit, parts: Mapping[str, str]) -> Place | None:
    """The place of an address; None where there is none, or none that the person may know of."""
    if "domain" not in parts:
        return None
    try:
        account = show_account(unit, parts["domain"])
        return Place(account, _pool(unit, parts), parts.get("number") == ALL_POOLS)
    except AppError:
        return None


def _pool(unit: Unit, parts: Mapping[str, str]) -> dict[str, Any] | None:
    number = parts.get("number", ALL_POOLS)
    return find_place(unit, parts["domain"], number) if number != ALL_POOLS else None


def _line(place: Place, item: Mapping[str, Any]) -> AlertLine:
    path = f"/a/{place.domain}/alerts#row-alerts-{item['id']}"
    stays = str(item["kind"]) in STAYING
    return AlertLine(SEVERITIES[item["severity"]], in_words(item["message"]), path, stays, str(item["raised_at"]))


def _trail(
    unit: Unit, place: Place, pools: Sequence[Mapping[str, Any]], numbers: Mapping[str, Mapping[str, int]]
) -> Sequence[Crumb]:
    others = name_accounts(unit, MOST_ACCOUNTS + 1)
    switch: list[tuple[Words, str, Words]] = [
        (name, f"/a/{domain}/va", domain) for domain, name in others[:MOST_ACCOUNTS]
    ]
    if len(others) > MOST_ACCOUNTS:
        switch.insert(0, (_("Search all accounts…"), "/a", ""))
    switch = switch if len(others) > 1 else []
    found = [Crumb(place.account["name"], f"/a/{place.domain}/va", _("Choose another account"), switch)]
    if place.pool is not None or place.whole:
        choices: list[tuple[Words, str, Words]] = [
            (one["name"], general(one), picked(one, numbers)) for one in pools[:MOST_POOLS]
        ]
        if len(pools) > MOST_POOLS:
            choices.insert(0, (_("Search all virtual accounts…"), f"/a/{place.domain}/va", ""))
        choose = _("Choose another virtual account")
        here: tuple[Words, str] = (_("All virtual accounts"), f"/a/{place.domain}/va")
        if place.pool is not None:
            here = place.pool["name"], general(place.pool)
        found.append(Crumb(*here, choose, choices if len(choices) > 1 or place.whole else []))
    return found


def general(pool: Mapping[str, Any]) -> str:
    """The address of a virtual account; a rename does not change it."""
    return f"/a/{pool['domain']}/va/{pool['number']}/general"


def marks(pool: Mapping[str, Any]) -> Words:
    """The default one, and the satellite that manages it, in words; the star stands for the default."""
    found: list[Words] = [_("★ default")] if pool["default"] else []
    if pool["satellite"]:
        found.append(_("satellite {name}", name=pool["satellite_name"] or pool["satellite"]))
    return ", ".join(str(one) for one in found)


def picked(pool: Mapping[str, Any], numbers: Mapping[str, Mapping[str, int]]) -> Words:
    """What the picker says of a virtual account: its marks, and its urgent alerts, hidden in the bar or not (row C10.1)."""
    urgent = counted(by_level(numbers.get(pool["id"], {})))
    return ", ".join(str(one) for one in (marks(pool), urgent) if one)


def _reminder(unit: Unit, place: Place, who: SignedIn) -> tuple[Words, str, Words] | None:
    agreement = show_agreement(unit, place.domain)
    if not agreement["pending"]:
        return None
    path = f"/a/{place.domain}/agreement"
    may = Permission.AGREEMENT_ACCEPT in who.permissions
    words = _("The licensing agreement, version {version}, waits to be accepted.", version=agreement["version"])
    return words, path, _("Read and accept") if may else _("Read it")
