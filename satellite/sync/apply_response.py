"""Applying the rows of a response or an authorization inside the transaction that imports it (rows S2.1, S2.5)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete

from exchange.errors import WrongSatelliteError
from exchange.files.rows import (
    AllotmentRow,
    CertificatesRow,
    ConversionResultRow,
    EntitlementRow,
    ExportDecisionRow,
    GrantReleaseRow,
    GrantRow,
    PolicyRow,
    ResponseRow,
    VirtualAccountRow,
)
from exchange.statements import open_allotment, open_grant, open_grant_release
from exchange.trust import Trust
from satellite.core.accounts.models import VirtualAccount
from satellite.core.conversions.services import take_result
from satellite.core.export_queue.services import take_decision, take_grant, take_release
from satellite.core.instances.models import Instance
from satellite.core.licences.models import AllotmentLine, Entitlement
from satellite.core.site.models import Site
from satellite.core.site.services import take_naming
from satellite.sync.key_renewal import take_certificates
from satellite.sync.restored_rows import Returning
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, upsert


def apply_rows(
    unit: Unit, trust: Trust, site: Site, rows: Iterable[ResponseRow], *, restored: bool = False
) -> set[str]:
    """Apply rows as absolute values; the allotment lines of the file replace all earlier ones.

    `restored` says that this site is known to be an older copy. Returns the ids of the virtual accounts that it names.
    """
    returning = Returning(unit, restored=restored)
    named: set[str] = set()
    lines: list[dict[str, object]] = []
    entitlements: list[dict[str, object]] = []
    for row in rows:
        if isinstance(row, AllotmentRow):
            lines.append(_line(trust, site, row))
        elif isinstance(row, EntitlementRow):
            entitlements.append(
                {
                    "tag": row.tag,
                    "name": row.name,
                    "description": row.description,
                    "restricted": row.restricted,
                    "products": list(row.products),
                }
            )
        elif not returning.take(row):
            _apply(unit, trust, site, row)
            named |= {row.id} if isinstance(row, VirtualAccountRow) and not row.removed else set()
    for piece in batches(entitlements):
        upsert(unit.session, Entitlement, piece)
    unit.session.execute(delete(AllotmentLine))
    for piece in batches(lines):
        upsert(unit.session, AllotmentLine, piece)
    return named


def _line(trust: Trust, site: Site, row: AllotmentRow) -> dict[str, object]:
    line = open_allotment(row.envelope, trust)
    if line.satellite != site.satellite_id:
        raise WrongSatelliteError("an allotment line is for another satellite")
    return {
        "serial": line.serial,
        "virtual_account_id": line.virtual_account_id,
        "tag": line.tag,
        "licence_type": line.licence_type.value,
        "start": line.start,
        "end": line.end,
        "quantity": line.quantity,
        "billing": line.billing.value,
        "restricted": line.restricted,
        "valid_until": line.valid_until,
        "envelope": row.envelope,
    }


def _apply(unit: Unit, trust: Trust, site: Site, row: ResponseRow) -> None:
    if isinstance(row, VirtualAccountRow):
        value = {"id": row.id, "name": row.name, "description": row.description, "removed": row.removed}
        before = unit.session.get(VirtualAccount, row.id)
        if before is not None and before.removed and not row.removed:
            site.needs_full = True  # central does not know of the devices that are in it
        upsert(unit.session, VirtualAccount, [value])
    elif isinstance(row, PolicyRow):
        site.policy = dict(row.values)
        site.agreement = row.agreement.to_dict() if row.agreement is not None else None
        if row.naming is not None:
            take_naming(unit, site, row.naming)
    elif isinstance(row, ExportDecisionRow):
        take_decision(unit, row)
    elif isinstance(row, ConversionResultRow):
        take_result(unit, row)
    elif isinstance(row, GrantRow):
        grant = open_grant(row.envelope, trust)
        holder = unit.session.get(Instance, grant.instance)
        take_grant(unit, grant, row.envelope, holder.virtual_account_id if holder else None)
    elif isinstance(row, CertificatesRow):
        take_certificates(unit, site, row)
    elif isinstance(row, GrantReleaseRow):
        take_release(unit, open_grant_release(row.envelope, trust), row.envelope)
