"""Use cases of the satellite itself: its state and the account that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from satellite.core.site.queries import authorized_site, site_of, status
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.time.service import clock_words


@dataclass(frozen=True, slots=True)
class Account:
    """The account of this satellite; `number` stays the same here, `upstream_number` is central's where it is known."""

    number: int
    upstream_number: int
    name: str | None
    domain: str | None


def show_status(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the state of the satellite, its clock, and whether it was restored from an older copy."""
    clock = clock_words(unit.reading) if unit.reading else None
    return {**status(unit, site_of(unit)), "restored": server.is_restored(unit), "clock": clock}


def show_account(unit: Unit) -> Account:
    """Show the account that this satellite belongs to; NotAuthorizedError."""
    site = authorized_site(unit)
    number = int((site.account_id or "0")[:12], 16)
    upstream = site.account_number if site.account_number is not None else number
    return Account(number, upstream, site.account_name, site.account_domain)
