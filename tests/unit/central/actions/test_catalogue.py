"""The catalogue as it is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.catalogue import import_catalogue, list_catalogue
from central.domain.base import VENDOR, last_change
from tests.unit.central.factories import add_licences, unit_of


@pytest.mark.row("C8.1", "C11.2")
def test_a_catalogue_takes_one_change_number_and_a_preview_takes_none(tmp_path: Path) -> None:
    """Satellites learn of all its rows with their next response."""
    with unit_of() as unit:
        add_licences(unit, tmp_path)
        import_catalogue(unit, tmp_path / "catalogue.csv", preview=True)

        assert last_change(unit, VENDOR) == 1
        assert [one["tag"] for one in list_catalogue(unit)] == ["ADVANTAGE", "ESSENTIALS"]
