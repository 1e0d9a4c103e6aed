"""Use cases of device-led conversion: the requests of devices and what became of them (row C9.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, select

from central.actions.visible_accounts import visible_names
from central.domain.access.rules import Permission
from central.domain.access.services import require, visible_virtual_accounts
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.alerts.conversions import WHY
from central.domain.catalogue.queries import titles
from central.domain.conversions.device_led import convert_totals, device_source
from central.domain.conversions.device_rules import refuse_all
from central.domain.conversions.errors import UnknownDeviceConversionError
from central.domain.conversions.models import DeviceConversion
from central.domain.conversions.rules import Status
from central.domain.instances.queries import instances_by_id
from central.domain.satellites.models import Satellite
from exchange.conversion import ClassicLine, state_of
from exchange.identity import Udi
from exchange.vocabulary import ConversionReason, ConversionState
from serverkit.clock import iso
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

ORDERS = Orders(
    DeviceConversion.id,
    {
        "id": (),
        "decided_at": (DeviceConversion.decided_at,),
        "device": (func.lower(DeviceConversion.label),),
        "state": (DeviceConversion.state,),
    },
    "-decided_at",
)


def _seen(unit: Unit, account_id: str) -> Query:
    query = select(DeviceConversion).where(DeviceConversion.account_id == account_id)
    allowed = visible_virtual_accounts(unit, account_id)
    return query if allowed is None else query.where(DeviceConversion.virtual_account_id.in_(sorted(allowed)))


def list_device_conversions(unit: Unit, domain: str, part: Part = WHOLE) -> Window:
    """Requests of devices, the newest first. Filters: q (in the identity), virtual_account (an id), state."""
    wanted, account = part.wanted, by_domain(unit, domain)
    query = _seen(unit, account.id)
    if text := wanted.get("q"):
        found = func.lower(DeviceConversion.label).contains(text.lower(), autoescape=True)
        query = query.where(or_(found, DeviceConversion.id == text))
    for column, name in (
        (DeviceConversion.virtual_account_id, "virtual_account"),
        (DeviceConversion.state, "state"),
    ):
        if value := wanted.get(name):
            query = query.where(column == value)
    return window_of(unit, query, ORDERS, part, lambda rows: _shown(unit, domain, account.id, rows))


def show_device_conversion(unit: Unit, domain: str, request: str) -> dict[str, Any]:
    """One request with its SKUs; UnknownDeviceConversionError."""
    account = by_domain(unit, domain)
    row = unit.session.scalars(_seen(unit, account.id).where(DeviceConversion.id == request)).one_or_none()
    if row is None:
        raise UnknownDeviceConversionError("there is no request {request!r}", request=request[:64])
    return _shown(unit, domain, account.id, [row])[0]


def convert_device(
    unit: Unit, domain: str, virtual_account_name: str, udi: Udi, totals: Mapping[str, int]
) -> dict[str, Any]:
    """Convert what a program says that a device holds, into a virtual account; the same again converts nothing more.

    `in_progress` while a run by the settings has taken the device up, or a contract is looked up: the same call tells later what became of it.
    """
    account = by_domain(unit, domain)
    target = virtual_account(unit, account.id, virtual_account_name)
    require(unit, Permission.LICENCE_CONVERT, account.id, target.id)
    lines = [ClassicLine(sku, count) for sku, count in sorted(totals.items())]
    source = device_source(unit, account.id, udi.plain_key)
    if source is not None and source.status == Status.IN_PROGRESS:
        return {"state": "in_progress", "licences": []}
    told = (
        refuse_all(lines, ConversionReason.NOT_LISTED).lines
        if source is None
        else convert_totals(unit, source, target, lines)
    )
    if told is None:
        return {"state": "in_progress", "licences": []}
    named = titles(unit, {line.tag for line in told if line.tag is not None})
    return {
        "state": str(state_of(told, 1)),
        "licences": [
            {
                **line.to_dict(),
                "name": named.get(line.tag or "", line.tag),
                "message": WHY[line.reason] if line.reason is not None else None,
            }
            for line in told
        ],
    }


def _shown(unit: Unit, domain: str, account_id: str, rows: list[DeviceConversion]) -> list[dict[str, Any]]:
    names = visible_names(unit, account_id)
    here = {one.id: one for one in instances_by_id(unit, account_id, [row.instance_id for row in rows])}
    sites = {row.satellite_id for row in rows if row.satellite_id is not None}
    query = select(Satellite.id, Satellite.name).where(Satellite.account_id == account_id, Satellite.id.in_(sites))
    satellites = dict(unit.session.execute(query).all()) if sites else {}
    named = titles(unit, {line["tag"] for row in rows for line in row.lines if line["tag"]})
    return [
        {
            "id": row.id,
            "domain": domain,
            "device": row.label,
            "hostname": here[row.instance_id].hostname if row.instance_id in here else None,
            "instance": row.instance_id if row.instance_id in here else None,
            "virtual_account": names.get(row.virtual_account_id or ""),
            "satellite": satellites.get(row.satellite_id or ""),
            "state": str(row.state),
            "quantity": sum(line["quantity"] for line in row.lines),
            "converted": sum(line["converted"] for line in row.lines),
            "requested_at": iso(row.requested_at),
            "decided_at": iso(row.decided_at) if row.state != ConversionState.PENDING else None,
            "licences": [
                {
                    **line,
                    "name": named.get(line["tag"] or "", line["tag"]),
                    "message": WHY[ConversionReason(line["reason"])] if line["reason"] else None,
                }
                for line in row.lines
            ],
        }
        for row in rows
    ]
