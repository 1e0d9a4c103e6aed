"""Files of conversions: each faulty line named, nothing taken over then; a list may come again."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.accounts import create_account
from central.actions.conversion_files import (
    import_classic,
    import_contracts,
    import_skus,
    list_contracts,
    list_skus,
    preview_classic,
)
from central.actions.conversions import convert_licences, list_classic, show_classic
from central.domain.conversions.rules import SourceKind
from serverkit.table_file import FaultyRowsError
from tests.unit.central.actions.test_conversions import CONTRACTS, DEVICE, DEVICES, PAK, PAKS, SKUS, stock
from tests.unit.central.factories import DOMAIN, unit_of

HEAD = "pak,sku,quantity,virtual_account,type,start,end,partial,order_date\n"
FAULTS = {
    "P 1,S,1,,,,,,": "invalid_pak",
    "P-1,S,x,,,,,,": "invalid_quantity",
    "P-1,,1,,,,,,": "invalid_text",
    "P-1,S,1,Nowhere,,,,,": "unknown_virtual_account",
    "P-1,S,1,,demo,,,,": "invalid_type",
    "P-1,S,1,,term,,,,": "term_needs_dates",
    "P-1,S,1,,,,2027-01-01,,": "perpetual_has_no_end",
    "P-1,S,1,,term,2027-01-02,2027-01-01,,": "term_ends_before_start",
    "P-1,S,1,,,,,perhaps,": "invalid_flag",
    "P-1,S,1,,,,,,2024-02-30": "invalid_date",
    f"{PAK.lower()},L-ESS,2,Site,,,,,": "below_converted",
}


@pytest.mark.row("C9.1")
def test_every_faulty_line_of_a_list_is_named_and_nothing_is_taken_over(tmp_path: Path) -> None:
    """By its code; lines that contradict each other, and a PAK of another account, too."""
    with stock(tmp_path) as unit:
        convert_licences(unit, DOMAIN, SourceKind.PAK, PAK, {"L-ESS": 3})
        before = list_classic(unit, DOMAIN, SourceKind.PAK).items
        for line, code in FAULTS.items():
            found = preview_classic(unit, DOMAIN, SourceKind.PAK, f"{HEAD}{line}\n".encode())
            assert (found["usable"], found["rows"][0]["code"]) == (False, code), line
        twice = f"{HEAD}P-1,S,1,,,,,,\nP-1,S,1,,,,,,\nP-1,T,1,,,,,no,\n".encode()
        with pytest.raises(FaultyRowsError, match=r"duplicate_sku.*lines_differ"):
            import_classic(unit, DOMAIN, SourceKind.PAK, twice)
        assert list_classic(unit, DOMAIN, SourceKind.PAK).items == before

        create_account(unit, "other.example", "Other", export_allowed=False)
        unit.session.flush()
        with pytest.raises(FaultyRowsError, match="of_another_account"):
            import_classic(unit, "other.example", SourceKind.PAK, b"pak,sku,quantity\n3901j5a1b2c,L-ESS,9\n")
        with pytest.raises(FaultyRowsError, match="invalid_device"):
            import_classic(unit, DOMAIN, SourceKind.DEVICE, b"pid,serial,sku,quantity\n,SN-1,L-ESS,1\n")


@pytest.mark.row("C9.1", "C9.3")
def test_a_list_that_comes_again_changes_what_it_says_anew(tmp_path: Path) -> None:
    """A quantity grows, a SKU that was used up elsewhere leaves, a PAK moves; what was converted stays converted."""
    with stock(tmp_path) as unit:
        convert_licences(unit, DOMAIN, SourceKind.PAK, PAK, {"L-ADV-K9": 2})
        text = (
            PAKS.decode().replace("L-ADV-K9,5", "L-ADV-K9,6").replace("L-ESS,3", "L-ESS,0").replace(",Site,", ",Spare,")
        )
        seen = import_classic(unit, DOMAIN, SourceKind.PAK, text.encode(), preview=True)
        done = import_classic(unit, DOMAIN, SourceKind.PAK, text.encode())
        assert (seen["sources"], seen["imported"], done["changed"]) == (2, False, 1)
        one = show_classic(unit, DOMAIN, SourceKind.PAK, PAK)
        assert [(row["sku"], row["quantity"]) for row in one["licences"]] == [("L-ADV-K9", 4)]
        assert (one["remaining"], one["converted"], one["virtual_account"]) == (4, 2, "Spare")
        assert import_classic(unit, DOMAIN, SourceKind.DEVICE, DEVICES)["changed"] == 0
        assert show_classic(unit, DOMAIN, None, DEVICE)["details"] == "24 ports"


@pytest.mark.row("C9.2")
def test_skus_and_contracts_are_read_with_every_column() -> None:
    """What a SKU becomes must be in the catalogue; contracts are replaced as a whole."""
    with unit_of() as unit:
        with pytest.raises(FaultyRowsError, match="unknown_entitlement"):
            import_skus(unit, SKUS)
        assert list_skus(unit) == []
        rows = (
            b"contract,sku,pak,pid,serial,start,end\nC-1,S,,,,,\nC-2,S,P-1,,,2026-01-01,2026-12-31\nC-3,S,,PID,SN,,\n"
        )
        assert import_contracts(unit, DOMAIN, rows) == {"contracts": 3}
        assert [(one["contract"], one["of"], one["end"]) for one in list_contracts(unit, DOMAIN)] == [
            ("C-1", None, None),
            ("C-2", "p-1", "2027-01-01T00:00:00Z"),
            ("C-3", "pid sn", None),
        ]
        with pytest.raises(FaultyRowsError, match="ambiguous_contract"):
            import_contracts(unit, DOMAIN, b"contract,sku,pak,serial\nC-1,S,P-1,SN\n")
        import_contracts(unit, DOMAIN, CONTRACTS)
        assert [one["contract"] for one in list_contracts(unit, DOMAIN)] == ["C-100"]
