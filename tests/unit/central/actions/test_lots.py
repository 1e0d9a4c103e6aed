"""Lots as they are listed: columns by source, searched by what they say, page by page."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.licence_tags import tag_licences
from central.actions.lots import InvalidSearchError, list_lot_window, list_lots
from central.actions.orders import import_orders
from central.actions.virtual_accounts import create_virtual_account
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.ledger.lot_fields import SOURCE_FIELDS
from central.domain.ledger.rules import LotSource
from serverkit.db.paging import Slice
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from tests.unit.central.factories import DOMAIN, POOL, add_licences, unit_of

HEAD = (
    "virtual_account,tag,quantity,type,start,end,source,order_number,order_line,sku,web_order_id,po_number,customer,"
    "end_customer,ship_to_country,family,pak_number,licence_sku,licence_family,product_sku,product_serial,product_family,"
    "device_details,transaction_id,suite\n"
)
ROWS = (
    "Site,ADVANTAGE,1,term,2026-01-01,2026-06-30,order,O-9,1,SKU-1,W-9,PO-1,Buyer,End Äpfel,Germany,Fam A,,,,,,,,,\n"
    "Site,ADVANTAGE,2,perpetual,,,pak_migration,,,,,,,,,,PAK-1,L-SKU,L-Fam,,,,,,\n"
    "Site,ESSENTIALS,3,perpetual,,,device_migration,,,,,,,,,,,,,P-SKU,SN-1,P-Fam,48 ports,,\n"
    "Site,ESSENTIALS,4,perpetual,,,ea_migration,,,,,,,,,,,E-SKU,E-Fam,,,,,T-1,Suite\n"
    "Spare,ESSENTIALS,5,perpetual,,,manual,,,M-SKU,,,,,,M-Fam,,,,,,,,,\n"
)


def make(unit: Unit, folder: Path) -> str:
    """An order file with a lot of each of several sources; returns the number of the virtual account."""
    add_licences(unit, folder)
    create_virtual_account(unit, DOMAIN, "Spare")
    (folder / "lots.csv").write_text(HEAD + ROWS, "utf-8")
    import_orders(unit, DOMAIN, folder / "lots.csv")
    return str(virtual_account(unit, by_domain(unit, DOMAIN).id, POOL).number)


@pytest.mark.row("C3.4")
def test_each_source_has_its_columns(tmp_path: Path) -> None:
    """What the source says of a lot is there under the names of the columns; a device's request shows no end."""
    assert {len(SOURCE_FIELDS[one]) > 0 for one in LotSource} == {True}
    with unit_of() as unit:
        number = make(unit, tmp_path)
        rows = {one["source"]: one for one in list_lot_window(unit, DOMAIN, number).items}
        shown = {source: [one[name] for name in one["of_source"]] for source, one in rows.items()}
    assert shown == {
        "order": ["PO-1", "O-9", "1", "Buyer", "Germany", "SKU-1", "Fam A"],
        "pak_migration": ["PAK-1", "L-SKU", "L-Fam"],
        "device_migration": ["P-SKU", "SN-1", "48 ports", "P-Fam"],
        "ea_migration": ["T-1", "Suite", "E-SKU", "E-Fam"],
    }
    assert [rows[one]["quantity"] for one in ("order", "device_migration")] == [1, 3]


@pytest.mark.row("C3.8", "C3.7")
def test_lots_are_found_by_every_field_of_the_advanced_search(tmp_path: Path) -> None:
    """Exact where the whole is asked for, a part elsewhere, in any case; on or before a day; all of several tags."""
    with unit_of() as unit:
        number = make(unit, tmp_path)
        ids = {one["source"]: one["id"] for one in list_lots(unit, DOMAIN, None, {}).items}
        tag_licences(unit, DOMAIN, POOL, ["a", "b"], [], [ids["order"]])
        tag_licences(unit, DOMAIN, POOL, ["b"], [], [ids["pak_migration"]])
        for name, text, wanted in (
            ("source", "ea_migration", {"ea_migration"}),
            ("order", "O-9", {"order"}),
            ("order", "W-9", {"order"}),
            ("order", "O-", set()),
            ("po", "PO-1", {"order"}),
            ("po", "PO", set()),
            ("pak", "PAK-1", {"pak_migration"}),
            ("customer", "äpf", {"order"}),
            ("country", "GERM", {"order"}),
            ("family", "fam", {"order", "pak_migration", "device_migration", "ea_migration"}),
            ("family", "p-fam", {"device_migration"}),
            ("sku", "-sku", {"pak_migration", "device_migration", "ea_migration"}),
            ("sku", "sku-1", {"order"}),
            ("licence", "essen", {"device_migration", "ea_migration"}),
            ("expires_by", "2026-06-30", {"order"}),
            ("expires_by", "2026-06-29", set()),
            ("expires_by", "no day", set()),
            ("tags", "B", {"order", "pak_migration"}),
            ("tags", "b, A", {"order"}),
            ("tags", "b,c", set()),
        ):
            found = list_lot_window(unit, DOMAIN, number, Part(filters={name: text})).items
            assert {one["source"] for one in found} == wanted, (name, text)
        everywhere = list_lots(unit, DOMAIN, None, {"sku": "m-sku"}).items
        assert [one["virtual_accounts"] for one in everywhere] == [["Spare"]]
        for wrong in ({"source": "theft"}, {"expires_by": "soon"}):
            with pytest.raises(InvalidSearchError):
                list_lots(unit, DOMAIN, None, wrong)


@pytest.mark.row("C3.4")
def test_pages_of_lots_hold_each_once(tmp_path: Path) -> None:
    """By id with commands and programs, in every order of the page, forth and back."""
    with unit_of() as unit:
        number = make(unit, tmp_path)
        seen: list[str] = []
        after = None
        while True:
            page = list_lots(unit, DOMAIN, None, {}, Slice(2, after))
            seen += [one["id"] for one in page.items]
            after = page.next
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 5
        for order in ("licence", "-end", "source", "quantity"):
            first = list_lot_window(unit, DOMAIN, number, Part(order, most=3))
            rest = list_lot_window(unit, DOMAIN, number, Part(order, after=first.next, most=3))
            back = list_lot_window(unit, DOMAIN, number, Part(order, before=rest.before, most=3))
            assert len({one["id"] for one in [*first.items, *rest.items]}) == 4, order
            assert [one["id"] for one in back.items] == [one["id"] for one in first.items], order
            assert first.count == 4
