"""How logs name who did something: customers read of the vendor's people no names (row C12.6)."""

from __future__ import annotations

from collections.abc import Callable

from central.domain.access.services import is_of_vendor, vendor_names
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.db.unit import Unit

VENDOR_LABEL = "vendor support"


def hidden_names(unit: Unit) -> frozenset[str]:
    """The labels that the caller does not read."""
    return frozenset() if is_of_vendor(unit) else vendor_names(unit) | {OPERATOR.label}


def named_for(unit: Unit) -> Callable[[str], str]:
    """How the caller reads a label: the vendor's people are `vendor support`, the system is no one."""
    if is_of_vendor(unit):
        return lambda label: label
    hidden = hidden_names(unit)

    def shown(label: str) -> str:
        if label in hidden:
            return VENDOR_LABEL
        return "" if label == SYSTEM.label or label.startswith("job ") else label

    return shown
