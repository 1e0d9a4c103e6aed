"""The catalogue as it is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.catalogue import import_catalogue, list_catalogue
from central.domain.base import VENDOR, last_change
from central.domain.catalogue.services import read_row
from serverkit.table_file import RowError
from tests.unit.central.factories import add_licences, unit_of


@pytest.mark.row("C8.1", "C11.2")
def test_a_catalogue_takes_one_change_number_and_a_preview_takes_none(tmp_path: Path) -> None:
    """Satellites learn of all its rows with their next response."""
    with unit_of() as unit:
        add_licences(unit, tmp_path)
        import_catalogue(unit, tmp_path / "catalogue.csv", preview=True)

        assert last_change(unit, VENDOR) == 1
        assert [one["tag"] for one in list_catalogue(unit)] == ["ADVANTAGE", "ESSENTIALS"]


@pytest.mark.row("C8.1", "E2")
@pytest.mark.parametrize(
    ("code", "name", "products"),
    [
        ("too_many_products", "A", " ".join(f"P{number}" for number in range(1001))),
        ("too_many_products", "A", " ".join(f"P{number}{'x' * 200}" for number in range(200))),
        ("too_many_products", "A", "P" * 256),
        ("invalid_name", "A" * 256, "P1"),
        ("invalid_name", "A", "P1 \x1b[31mP2"),
        ("invalid_name", "A", "P1 A\u0308"),
        ("invalid_name", "A", "P\u202e1"),
    ],
)
def test_a_catalogue_holds_no_row_that_a_satellite_cannot_import(code: str, name: str, products: str) -> None:
    """One such line would keep every site that has the licence from synchronizing."""
    with pytest.raises(RowError) as refused:
        read_row({"kind": "entitlement", "tag": "A", "name": name, "products": products})
    at_most = read_row({"kind": "entitlement", "tag": "A", "name": "A" * 255, "products": "P " * 1000})

    assert refused.value.code == code
    assert len(at_most.products) == 1000


@pytest.mark.row("C8.1")
@pytest.mark.parametrize("tag", [".", "..", "A/../B", "A/.", "/A", "A/", "A//B"])
@pytest.mark.parametrize("kind", ["entitlement", "product"])
def test_a_tag_that_would_change_its_address_is_refused(kind: str, tag: str) -> None:
    """Clients and proxies take dots between slashes and empty parts away: the page would be another one, or none."""
    with pytest.raises(RowError) as refused:
        read_row({"kind": kind, "tag": tag, "name": "A"})
    assert refused.value.code == "invalid_tag"
    assert read_row({"kind": kind, "tag": "A/B.1..2", "name": "A"}).tag == "A/B.1..2"
