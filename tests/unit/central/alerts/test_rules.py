"""The catalogue of alerts."""

from __future__ import annotations

import pytest

from central.domain.alerts.rules import CATALOGUE
from serverkit.alerts.engine import Severity


@pytest.mark.row("C10.1")
def test_each_kind_says_when_it_is_raised_and_when_it_clears() -> None:
    """Each is of one severity and one scope; what clears by dismissal offers to dismiss it."""
    for name, kind in CATALOGUE.items():
        assert kind.kind == name
        assert kind.severity in Severity
        assert kind.scope in {"vendor", "account", "virtual_account", "satellite"}
    for name in ("licences_expired", "satellite_removed", "reserved_licences_returned"):
        assert "dismiss" in CATALOGUE[name].actions
