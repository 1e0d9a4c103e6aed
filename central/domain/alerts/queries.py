"""Alerts for people and programs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select

from central.domain.access.models import RoleAssignment
from central.domain.alerts.around import CLONE, shown_in
from central.domain.alerts.models import Alert
from serverkit.alerts.engine import AlertState, Severity, place_of
from serverkit.alerts.texts import said_again, surplus_text
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.errors import Filled


def overviews(unit: Unit, account_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Open alerts by severity, and how many users hold each role, of each of these accounts (row C1.1)."""
    nothing = {level.value: 0 for level in (Severity.MAJOR, Severity.MINOR)}
    found: dict[str, dict[str, Any]] = {one: {"alerts": dict(nothing), "roles": {}} for one in account_ids}
    for piece in batches(account_ids):
        alerts = (
            select(Alert.account_id, Alert.severity, func.count())
            .where(Alert.account_id.in_(piece), Alert.state == AlertState.OPEN, Alert.severity.in_(nothing))
            .group_by(Alert.account_id, Alert.severity)
        )
        for account_id, severity, count in unit.session.execute(alerts):
            found[account_id]["alerts"][severity] = int(count)
        roles = (
            select(RoleAssignment.account_id, RoleAssignment.role, func.count(RoleAssignment.user_id.distinct()))
            .where(RoleAssignment.account_id.in_(piece))
            .group_by(RoleAssignment.account_id, RoleAssignment.role)
        )
        for account_id, role, count in unit.session.execute(roles):
            found[account_id]["roles"][role] = int(count)
    return found


OF_LICENCES = (
    "insufficient_licences",
    "licences_expiring",
    "licences_expired",
    "duplicate_licences",
    "upgrade_pending",
    "reserved_licence_expired",
    "restricted_licence_not_available",
)


def open_by_licence(
    unit: Unit, account_id: str, pools: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, int]]:
    """The open alerts on licences, by virtual account and tag: how many there are of each severity (row C3.1)."""
    query = (
        select(Alert.virtual_account_id, Alert.licence, Alert.severity, func.count())
        .where(Alert.account_id == account_id, Alert.kind.in_(OF_LICENCES), Alert.state == AlertState.OPEN)
        .where(Alert.virtual_account_id.in_(sorted({va for va, _ in pools})))
        .where(Alert.licence.in_(sorted({tag for _, tag in pools})))
        .group_by(Alert.virtual_account_id, Alert.licence, Alert.severity)
    )
    found: dict[tuple[str, str], dict[str, int]] = {}
    for va, tag, severity, count in unit.session.execute(query):
        found.setdefault((str(va), str(tag)), {})[severity] = int(count)
    return found


def open_of_instances(unit: Unit, account_id: str, ids: Sequence[str]) -> dict[str, list[Alert]]:
    """The open alerts of some instances that the actor sees, by instance, most urgent first.

    One about two machines is an alert of both.
    """
    query = select(Alert).where(
        Alert.account_id == account_id, Alert.state == AlertState.OPEN, shown_in(unit, account_id)
    )
    found: dict[str, list[Alert]] = {}
    for row in unit.session.scalars(query.where(Alert.instance_id.in_(ids))):
        found.setdefault(row.instance_id or "", []).append(row)
    for row in unit.session.scalars(query.where(Alert.kind == CLONE)):
        for other in {*row.subject.get("instances", ())} & {*ids} - {row.instance_id}:
            found.setdefault(other, []).append(row)
    return {of: sorted(rows, key=place_of) for of, rows in found.items()}


def alert_dict(row: Alert, allowed: frozenset[str] | None = None) -> dict[str, Any]:
    """An alert; of virtual accounts with a surplus, or that it is about, those alone that may be seen (None: all)."""
    message, subject = said_again(row.template, row.fields), dict(row.subject)
    places = subject.pop("places", [])
    if allowed is not None and "virtual_accounts" in subject:
        mine = [
            (of, place) for of, place in zip(subject.get("instances", ()), places, strict=False) if place in allowed
        ]
        subject["virtual_accounts"] = [one for one in subject["virtual_accounts"] if one in allowed]
        subject["instances"] = [of for of, _ in mine]
        if subject["virtual_account"] not in allowed:
            # The one to open is the machine that the caller sees.
            subject["instance"], subject["virtual_account"] = mine[0] if mine else (None, None)
    if "surplus" in subject:
        subject["surplus"] = [
            entry for entry in subject["surplus"] if allowed is None or entry["virtual_account"] in allowed
        ]
        message = Filled("{alert}{surplus}", {"alert": message, "surplus": surplus_text(subject["surplus"])})
    return {
        "id": row.id,
        "kind": row.kind,
        "severity": row.severity,
        "message": message,
        "source": row.source,
        "raised_at": iso(row.raised_at),
        "action_due": optional_iso(row.action_due),
        "remind_at": optional_iso(row.remind_at),
        "actions": row.actions,
        "state": row.state,
        "subject": subject,
    }
