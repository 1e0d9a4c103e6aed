"""Use cases of saved reports: list, save, schedule, remove; each person's own in an account (row C12.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.actions.preferences import own_person
from central.actions.reports import listed_names
from central.actions.time import zone_of
from central.actions.visible_accounts import chosen_names, visible_names
from central.domain.access.models import User
from central.domain.accounts.models import SmartAccount
from central.domain.reports import services
from central.domain.reports.errors import UnknownSavedReportError
from central.domain.reports.models import SavedReport
from central.domain.reports.queries import find_saved, last_runs, named_saved, saved_of
from central.domain.reports.rules import Schedule, Wish
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit


def list_saved_reports(unit: Unit, domain: str, user: str | None = None) -> list[dict[str, Any]]:
    """The saved reports of the caller in an account, by name; the operator names the user."""
    account, person = own_person(unit, domain, user)
    rows = saved_of(unit, account.id, person.id)
    last = last_runs(unit, [row.id for row in rows])
    names, zone = visible_names(unit, account.id), zone_of(unit)
    return [
        {**_shown(row, names, zone), "last_run": optional_iso(last.get(row.id)), "domain": account.domain}
        for row in rows
    ]


def show_saved_report(unit: Unit, domain: str, report_id: str, user: str | None = None) -> dict[str, Any]:
    """One of them by its id; UnknownSavedReportError."""
    account, _, row = find(unit, domain, report_id, user)
    last = last_runs(unit, [row.id])
    shown = _shown(row, visible_names(unit, account.id), zone_of(unit))
    return {**shown, "last_run": optional_iso(last.get(row.id)), "domain": account.domain}


def name_saved_report(unit: Unit, domain: str, name: str, user: str | None = None) -> str:
    """The id of a saved report by its name; UnknownSavedReportError."""
    account, person = own_person(unit, domain, user)
    row = named_saved(unit, account.id, person.id, name)
    if row is None:
        raise UnknownSavedReportError("there is no saved report {name!r}", name=name[:64])
    return row.id


def save_report(
    unit: Unit, domain: str, wish: Wish, report_id: str | None = None, user: str | None = None
) -> dict[str, Any]:
    """Save a report of the caller, or change the one of this id.

    ReportChoiceError, SavedReportExistsError, TooManySavedReportsError, UnknownVirtualAccountError.
    """
    account, person = own_person(unit, domain, user)
    row = find_saved(unit, account.id, person.id, report_id) if report_id is not None else None
    places = chosen_names(unit, account.id, wish.virtual_accounts) if wish.virtual_accounts is not None else None
    saved = services.save_report(unit, account, person, row, wish, [*places] if places is not None else None)
    return show_saved_report(unit, domain, saved.id)


def save_named_report(unit: Unit, domain: str, wish: Wish, user: str | None = None) -> dict[str, Any]:
    """Save a report of the caller, or change the one of this name; like `save_report`."""
    account, person = own_person(unit, domain, user)
    row = named_saved(unit, account.id, person.id, wish.name)
    return save_report(unit, domain, wish, row.id if row is not None else None)


def schedule_report(
    unit: Unit, domain: str, report_id: str, schedule: Schedule, user: str | None = None
) -> dict[str, Any]:
    """Have a report run by itself and be told by mail, or no more; an empty zone is that of central.

    ReportChoiceError, AddressMissingError.
    """
    _, person, row = find(unit, domain, report_id, user)
    services.schedule_report(unit, row, person, schedule, zone_of(unit))
    return show_saved_report(unit, domain, report_id)


def remove_report(unit: Unit, domain: str, report_id: str, user: str | None = None) -> dict[str, Any]:
    """Remove a saved report with its schedule, its runs and their files; UnknownSavedReportError."""
    shown = show_saved_report(unit, domain, report_id, user)
    _, person, row = find(unit, domain, report_id)
    services.remove_report(unit, row, person)
    return shown


def names_in(unit: Unit, domain: str, text: str) -> tuple[str, ...] | None:
    """The virtual accounts of a list separated by commas, whose names may have commas; None for an empty list: all."""
    account, _ = own_person(unit, domain, None)
    return tuple(listed_names(text, visible_names(unit, account.id).values())) if text.strip() else None


def find(unit: Unit, domain: str, report_id: str, user: str | None = None) -> tuple[SmartAccount, User, SavedReport]:
    """A saved report of the caller with its account and owner; UnknownSavedReportError."""
    account, person = own_person(unit, domain, user)
    return account, person, find_saved(unit, account.id, person.id, report_id)


def place_names(names: dict[str, str], places: Sequence[str] | None) -> list[str] | None:
    """The names of the virtual accounts that were chosen and that the caller may see; None for all."""
    return sorted(names[one] for one in places if one in names) if places is not None else None


def _shown(row: SavedReport, names: dict[str, str], zone: str) -> dict[str, Any]:
    filters = {name: row.filters.get(name, "") for name in ("va_tags", "tags", "products")}
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "report": row.report,
        "format": row.format,
        "virtual_accounts": place_names(names, row.places),
        **filters,
        "untagged": "untagged" in row.filters,
        "every": row.every,
        "day": row.day,
        "at": row.at,
        "zone": row.zone or zone,
        "own_zone": row.zone,
        "next_run": optional_iso(row.next_due),
    }
