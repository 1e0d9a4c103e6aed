"""Virtual accounts that a satellite manages: what central refuses to change in them (rows C1.2, C1.3)."""

from __future__ import annotations

from collections.abc import Mapping

from central.domain.accounts.errors import SatelliteVirtualAccountError
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import Manager, managers, satellite_name
from serverkit.db.unit import Unit


def refuse_managed(unit: Unit, row: VirtualAccount, there: str = "") -> None:
    """Refuse what only the satellite may do; `there` is the command that does it on the site (row C1.3)."""
    if row.satellite_id is None:
        return
    name = satellite_name(unit, row.account_id, row.satellite_id)
    raise SatelliteVirtualAccountError(
        "the virtual account {name} belongs to satellite {satellite}, which manages it",
        remedy="Do it on satellite {satellite} with `satellite {there}`; it comes here with the next synchronization."
        if there
        else "Choose a virtual account that belongs to no satellite, or remove satellite {satellite} first.",
        name=row.name,
        satellite=name,
        there=there,
    )


def refuse_managed_by(unit: Unit, account_id: str, satellite_id: str | None, what: str, there: str) -> None:
    """Refuse to change what a satellite reported; `there` is the command that does it on the site (row C1.3)."""
    if satellite_id is not None and (refusal := managed_by(managers(unit, account_id), satellite_id, what, there)):
        raise refusal


def managed_by(
    known: Mapping[str, Manager], satellite_id: str | None, what: str, there: str
) -> SatelliteVirtualAccountError | None:
    """The refusal to change what a satellite reported; None where none manages it, or the one that did was removed."""
    manager = known.get(satellite_id) if satellite_id is not None else None
    if satellite_id is None or (manager is not None and manager.removed):
        return None
    return SatelliteVirtualAccountError(
        "satellite {name} manages this {what}; central only shows what the site last reported",
        remedy="Do it on satellite {name} with `satellite {there}`; it comes here with the next synchronization.",
        name=manager.name if manager else satellite_id,
        what=what,
        there=there,
    )


def held_by_satellite(unit: Unit, row: VirtualAccount) -> SatelliteVirtualAccountError:
    """The refusal to delete a virtual account that a satellite holds (row C1.2)."""
    name = satellite_name(unit, row.account_id, row.satellite_id or "")
    return SatelliteVirtualAccountError(
        "the virtual account {name} belongs to satellite {satellite}",
        remedy="It can be deleted when satellite {satellite} is removed; a satellite gives none back singly.",
        name=row.name,
        satellite=name,
    )
