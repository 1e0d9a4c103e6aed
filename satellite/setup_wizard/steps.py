"""The list of set-up steps with what is done (row S1.5)."""

from __future__ import annotations

from typing import Any

from satellite.core.site.queries import site_of, state_of
from serverkit.db.unit import Unit


def steps(unit: Unit) -> list[dict[str, Any]]:
    """Every step, in order, with whether it is done and what does it."""
    site = site_of(unit)
    state = state_of(unit, site)
    return [
        {"step": "registration", "done": state != "new", "next": "satellite registration export --output FILE"},
        {"step": "authorization", "done": site.epoch > 0, "next": "satellite registration import FILE"},
        {
            "step": "synchronization",
            "done": site.setup_finished_at is not None,
            "next": "satellite setup finish --mode manual",
        },
    ]
