"""Use cases of orders: import what a customer bought (row C3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from central.domain.accounts.queries import by_domain
from central.domain.ledger import services
from central.domain.ledger.models import Lot
from exchange.compliance import until
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit
from serverkit.table_file import RowWarning


@dataclass(frozen=True, slots=True)
class ImportedOrders:
    """The lots that an order file added, as people and programs see them, and what is odd in the file."""

    items: list[dict[str, Any]]
    quantity: int
    warnings: list[RowWarning]

    @property
    def summary(self) -> dict[str, Any]:
        """How many lots and units there are, and the warnings."""
        shown = [warning.to_dict() for warning in self.warnings]
        return {"lots": len(self.items), "quantity": self.quantity, "warnings": shown}


def import_orders(unit: Unit, domain: str, path: Path) -> ImportedOrders:
    """Import an order file, all or nothing."""
    imported = services.import_orders(unit, by_domain(unit, domain).id, path)
    quantity = sum(lot.quantity for lot in imported.lots)
    return ImportedOrders([_view(lot) for lot in imported.lots], quantity, imported.warnings)


def _view(lot: Lot) -> dict[str, Any]:
    return {
        "id": lot.id,
        "tag": lot.tag,
        "quantity": lot.quantity,
        "type": lot.licence_type,
        "source": lot.source,
        "start": optional_iso(lot.start),
        "end": optional_iso(lot.end),
        "until": until(lot.end) if lot.end else None,
        "order_number": lot.order_number,
        "order_line": lot.order_line,
    }
