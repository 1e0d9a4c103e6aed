"""Use cases of measured use: what devices reported, by licence and month (rows S4.6, C3.3, C3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from central.actions.licence_lists import scope_of
from central.actions.visible_accounts import chosen_names
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.queries import by_domain, virtual_account, virtual_accounts
from central.domain.catalogue.queries import by_name, titles
from central.domain.ledger.listing import term_views
from central.domain.ledger.rules import stock_within
from central.domain.usage import services
from central.domain.usage.queries import monthly_use
from exchange.compliance import LotView, Use, judge_licence
from exchange.identity import Udi
from exchange.usage import MONTH, Measurement
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Part, Window, window_in_memory
from serverkit.errors import InvalidInputError, Remedy

USAGE, REPORTING_ONLY, PREPAID = "usage", "reporting_only", "prepaid"
BILLINGS = (USAGE, REPORTING_ONLY, PREPAID)
ORDERS = {
    "month": lambda one: (one["month"],),
    "name": lambda one: (one["name"].casefold(),),
    "count": lambda one: (one["count"],),
    "covered": lambda one: (one["covered"],),
    "by_usage": lambda one: (one["by_usage"],),
    "devices": lambda one: (one["devices"],),
    "unit_hours": lambda one: (one["unit_hours"],),
    "virtual_account": lambda one: (one["virtual_account"].casefold(),),
}


class InvalidMonthError(InvalidInputError):
    """The refusal `invalid_month`."""

    code = "invalid_month"
    message = "A month cannot be read."
    remedy = Remedy("Give a month such as 2026-11.", page="central-portal.md#measured-use")


def book_foreign_report(
    unit: Unit, domain: str, name: str, udi: Udi, key: str, measurements: Sequence[Measurement]
) -> set[str] | None:
    """Book a report of another maker's device, which the key names; the known tags, or None for a report that was booked."""
    account = by_domain(unit, domain)
    place = virtual_account(unit, account.id, name)
    require(unit, Permission.INSTANCE_MANAGE, account.id, place.id)
    return services.book_foreign(unit, place, udi, key, measurements)


def list_usage(
    unit: Unit, domain: str, name: str | None = None, month: str | None = None, licence: str | None = None
) -> list[dict[str, Any]]:
    """What devices reported in virtual accounts that the actor may see, the newest month first; InvalidMonthError."""
    account = by_domain(unit, domain)
    if month is not None and not MONTH.fullmatch(month):
        raise InvalidMonthError("{text!r} is no month", text=month[:32])
    names = chosen_names(unit, account.id, None if name is None else [name])
    tag = by_name(unit, licence) if licence is not None else None
    items = _items(unit, account.id, names, month=month, tag=tag)
    return sorted(items, key=lambda one: (one["name"].casefold(), one["virtual_account"].casefold()))


def list_usage_window(unit: Unit, domain: str, number: str, part: Part = WHOLE) -> Window:
    """The same of one virtual account, by its number; filters: q (name or id), month, billing."""
    wanted, scope = part.wanted, scope_of(unit, domain, number)
    text = wanted.get("q", "").casefold()
    items = [
        {**one, "domain": domain, "number": number}
        for one in _items(unit, scope.account_id, scope.names, month=wanted.get("month"))
        if text in f"{one['name']} {one['tag']}".casefold()
        and ("billing" not in wanted or one["billing"] == wanted["billing"])
    ]
    return window_in_memory(items, ORDERS, lambda one: str(one["id"]), part, "-month")


def _items(
    unit: Unit, account_id: str, names: Mapping[str, str], *, month: str | None = None, tag: str | None = None
) -> list[dict[str, Any]]:
    rows = unit.session.execute(monthly_use(account_id, names, month=month, tag=tag)).all()
    tags = sorted({row[1] for row in rows})
    known = titles(unit, tags)
    views = term_views(unit, account_id, {row[0] for row in rows}, tags) if rows else {}
    managed = {row.id for row in virtual_accounts(unit, account_id) if row.satellite_id is not None} if rows else set()
    found = []
    for va, of, at, devices, count, unit_seconds in rows:
        measured = measured_use(views.get((va, of), []), at, int(count), managed=va in managed)
        found.append(
            {
                "id": f"{va}|{of}|{at}",
                "month": at,
                "virtual_account": names[va],
                "tag": of,
                "name": known.get(of, of),
                "billing": measured.billing,
                "devices": int(devices),
                "count": int(count),
                "covered": measured.covered,
                "by_usage": measured.by_usage,
                "unit_hours": round(int(unit_seconds) / 3600, 2),
            }
        )
    return sorted(found, key=lambda one: one["month"], reverse=True)


@dataclass(frozen=True, slots=True)
class Measured:
    """How the use of a month counts: so many units `covered` by what was paid in advance, so many billed `by_usage`."""

    billing: str
    covered: int
    by_usage: int


def measured_use(lots: Sequence[LotView], month: str, count: int, *, managed: bool) -> Measured:
    """How much of what was measured in a month is billed by usage: the rule that judges compliance, on what was there then.

    Devices of a satellite's virtual account may use by usage what prepaid units do not cover; others consume prepaid.
    """
    first = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
    stock = stock_within(lots, first, (first + timedelta(days=32)).replace(day=1))
    usage = judge_licence(stock, Use(reported=count) if managed else Use(direct=count)).usage
    by_usage = usage.in_use if usage is not None else 0
    billing = REPORTING_ONLY if stock.reporting_only else USAGE if by_usage else PREPAID
    return Measured(billing, min(stock.prepaid, count - by_usage), by_usage)
