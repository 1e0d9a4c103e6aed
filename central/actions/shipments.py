"""Use cases of devices that are shipped with reserved licences (row C6.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from central.actions.visible_accounts import visible_names
from central.domain.accounts.queries import by_domain
from central.domain.reservations import factory
from central.domain.reservations.queries import device_of, reservation_dict
from central.keyring import KeyRing
from serverkit.db.trial import trial
from serverkit.db.unit import Unit
from serverkit.table_file import RowWarning


@dataclass(frozen=True, slots=True)
class ShippedDevices:
    """What an import of shipped devices reserved, with the authorization code of each by id, and what is odd in the file."""

    items: list[dict[str, Any]]
    codes: Mapping[str, str]
    warnings: Sequence[RowWarning]

    @property
    def summary(self) -> dict[str, Any]:
        """How many devices there are, and the warnings."""
        return {"devices": len(self.items), "warnings": [warning.to_dict() for warning in self.warnings]}


def import_shipped(unit: Unit, keyring: KeyRing, domain: str, path: Path, *, preview: bool = False) -> ShippedDevices:
    """Reserve for the devices of a shipment, all or nothing (row C6.6); as a preview nothing of it stays."""
    account = by_domain(unit, domain)

    def work() -> ShippedDevices:
        made, names = factory.import_shipped(unit, keyring, account, path), visible_names(unit, account.id)
        items = [{**reservation_dict(row, names), **device_of(row)} for row in made.rows]
        return ShippedDevices(items, {row.id: row.authorization_code for row in made.rows}, made.warnings)

    return trial(unit, work) if preview else work()
