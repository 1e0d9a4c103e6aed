"""The catalogue of a satellite's alerts."""

from __future__ import annotations

import pytest

from satellite.core.alerts.rules import CATALOGUE


@pytest.mark.row("S3.2")
def test_every_alert_says_what_raises_and_what_clears_it() -> None:
    """Each kind is under its name and says when it is raised and cleared."""
    assert CATALOGUE
    for name, kind in CATALOGUE.items():
        assert kind.kind == name
        assert kind.raises
        assert kind.clears
