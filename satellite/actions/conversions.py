"""Use cases of device-led conversion at a site: requests on their way to central and back (row C9.5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select

from exchange.vocabulary import ConversionState
from satellite.core.accounts.queries import names
from satellite.core.conversions.errors import UnknownConversionError
from satellite.core.conversions.models import ConversionEntry
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import named_by
from satellite.core.licences.models import Entitlement
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

_PENDING = ConversionEntry.state == ConversionState.PENDING
STATE: ColumnElement[Any] = case(
    (_PENDING & ConversionEntry.sent_at.is_(None), "waiting"), (_PENDING, "sent"), else_=ConversionEntry.state
)
ORDERS = Orders(
    ConversionEntry.id,
    {
        "id": (),
        "requested_at": (ConversionEntry.requested_at,),
        "device": (func.lower(ConversionEntry.device),),
        "state": (STATE,),
    },
    "-requested_at",
)


def list_conversions(unit: Unit, part: Part = WHOLE) -> Window:
    """Requests of devices, the newest first. Filters: q, virtual_account (name or id), state, instance."""
    wanted = part.wanted
    query = select(ConversionEntry).outerjoin(Instance, Instance.id == ConversionEntry.instance_id)
    if text := wanted.get("q"):
        query = query.where(
            or_(named_by(text), func.lower(ConversionEntry.skus).contains(text.lower(), autoescape=True))
        )
    if place := wanted.get("virtual_account"):
        ids = [of for of, name in names(unit).items() if place in {of, name}]
        query = query.where(Instance.virtual_account_id.in_(ids))
    if state := wanted.get("state"):
        query = query.where(STATE.in_([state]))
    return window_of(unit, query, ORDERS, part, lambda rows: _shown(unit, rows))


def show_conversion(unit: Unit, request: str) -> dict[str, Any]:
    """One request with its SKUs; UnknownConversionError."""
    row = unit.session.get(ConversionEntry, request)
    if row is None:
        raise UnknownConversionError("there is no request {request!r}", request=request[:64])
    return _shown(unit, [row])[0]


def _shown(unit: Unit, rows: list[ConversionEntry]) -> list[dict[str, Any]]:
    query = select(Instance.id, Instance.hostname, Instance.virtual_account_id).where(
        Instance.id.in_({row.instance_id for row in rows}), Instance.removed.is_(False)
    )
    here = {found[0]: (found[1], found[2]) for found in unit.session.execute(query)}
    places = names(unit)
    tags = {line["tag"] for row in rows for line in row.lines if line["tag"]}
    titles = select(Entitlement.tag, Entitlement.name).where(Entitlement.tag.in_(tags))
    named = dict(unit.session.execute(titles).all()) if tags else {}
    found = []
    for row in rows:
        hostname, place = here.get(row.instance_id, (None, row.virtual_account_id))
        waits = "waiting" if row.sent_at is None else "sent"
        found.append(
            {
                "id": row.id,
                "device": row.device,
                "hostname": hostname,
                "instance": row.instance_id,
                "known": row.instance_id in here,
                "virtual_account": places.get(place),
                "skus": row.skus,
                "state": waits if row.state == ConversionState.PENDING else str(row.state),
                "quantity": sum(line["quantity"] for line in row.lines),
                "converted": sum(line["converted"] for line in row.lines),
                "requested_at": iso(row.requested_at),
                "sent_at": optional_iso(row.sent_at),
                "decided_at": optional_iso(row.decided_at),
                "licences": [{**line, "name": named.get(line["tag"] or "", line["tag"])} for line in row.lines],
            }
        )
    return found
