"""Devices and licences by their names, in the sentences of the queue's events.

Instances and licences are features above this one; of theirs only the names are read here.
"""

from __future__ import annotations

from sqlalchemy import column, select, table, type_coerce

from exchange.identity import Udi
from satellite.core.accounts.models import VirtualAccount
from serverkit.db.base import JsonText
from serverkit.db.unit import Unit

_INSTANCES = table("instances", *(column(name) for name in ("id", "hostname", "udi")))
_ENTITLEMENTS = table("entitlements", *(column(name) for name in ("tag", "name")))


def units_of(unit: Unit, quantity: int, tag: str) -> str:
    """A quantity of a licence by its name."""
    name = unit.session.scalar(select(_ENTITLEMENTS.c.name).where(_ENTITLEMENTS.c.tag == tag))
    return f"{quantity} of {name or tag}"


def device_of(unit: Unit, instance_id: str, virtual_account_id: str) -> str:
    """A device by its name and virtual account."""
    at = _INSTANCES.c
    query = select(at.hostname, type_coerce(at.udi, JsonText())).where(at.id == instance_id)
    found = unit.session.execute(query).one_or_none()
    name = (found[0] or Udi.from_dict(found[1]).label) if found else "a device that is not here any more"
    home = unit.session.get(VirtualAccount, virtual_account_id)
    return f"{name} in {home.name}" if home is not None else name
