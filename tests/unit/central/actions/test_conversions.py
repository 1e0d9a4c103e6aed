"""Classic licences become smart licences: by choice, by the contract check, all or nothing, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from central.actions.conversion_files import import_classic, import_contracts, import_skus
from central.actions.conversions import (
    convert_licences,
    list_classic,
    preview_conversion,
    show_classic,
    show_list,
    usual_choice,
)
from central.actions.event_log import list_events, list_transactions
from central.actions.licences import list_licences, verify_ledger
from central.actions.lots import list_lots
from central.actions.virtual_accounts import create_virtual_account, judge_deletion
from central.domain.conversions.errors import (
    ContractMissingError,
    ConversionChangedError,
    ConversionRefusedError,
    NothingToConvertError,
    OnlyWholeError,
    TooManyToConvertError,
    UnknownClassicSkuError,
    UnknownClassicSourceError,
)
from central.domain.conversions.rules import SourceKind
from serverkit.db.paging import Slice
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.errors import AppError
from tests.unit.central.factories import DOMAIN, POOL, add_licences, unit_of

SKUS = b"""sku,tag,family,contract_needed,divisible
L-ADV-K9,ADVANTAGE,Routing,yes,yes
L-ESS,ESSENTIALS,Switching,no,no
"""
PAKS = b"""pak,sku,quantity,virtual_account,family,partial,order_number,order_date,type,start,end
3901J5A1B2C,L-ADV-K9,5,Site,,yes,87001234,2024-05-17,,,
3901J5A1B2C,L-ESS,3,Site,,yes,87001234,2024-05-17,term,2025-01-01,2026-12-31
4455W0K9ZZZ,L-ADV-K9,2,,Access,no,87005678,2023-02-01,,,
4455W0K9ZZZ,L-ESS,1,,,no,87005678,2023-02-01,,,
4455W0K9ZZZ,L-OLD,7,,,no,87005678,2023-02-01,,,
"""
DEVICES = b"""pid,serial,sku,quantity,virtual_account,product_family,details,type,end
C9300-24UX,FCW2303D16Y,L-ADV-K9,4,Site,Catalyst 9300,24 ports,,
C9300-24UX,FCW2303D16Y,L-ESS,2,Site,Catalyst 9300,24 ports,,
"""
CONTRACTS = b"contract,sku,pak,pid,serial,end\nC-100,L-ADV-K9,,,,2027-01-01\n"
PAK, WHOLE_PAK, DEVICE = "3901J5A1B2C", "4455W0K9ZZZ", "PID:C9300-24UX SN:FCW2303D16Y"


@contextmanager
def stock(folder: Path, contracts: bytes = CONTRACTS) -> Iterator[Unit]:
    """Two PAKs and a device, of which one PAK is converted as a whole."""
    with unit_of() as unit:
        add_licences(unit, folder)
        create_virtual_account(unit, DOMAIN, "Spare")
        import_skus(unit, SKUS)
        import_contracts(unit, DOMAIN, contracts)
        import_classic(unit, DOMAIN, SourceKind.PAK, PAKS)
        import_classic(unit, DOMAIN, SourceKind.DEVICE, DEVICES)
        unit.session.flush()
        yield unit


def numbers(unit: Unit, kind: SourceKind = SourceKind.PAK, **filters: str) -> list[str]:
    """The PAKs or devices that are listed."""
    return [str(one["number"]) for one in list_classic(unit, DOMAIN, kind, Part(filters=filters)).items]


def purchased(unit: Unit, place: str) -> dict[str, int]:
    """What a virtual account holds, by licence."""
    return {one["tag"]: one["purchased"] for one in list_licences(unit, DOMAIN, [place])}


@pytest.mark.row("C9.1")
def test_the_list_of_paks_has_every_column_and_is_searched_by_each_of_them(tmp_path: Path) -> None:
    """Number, SKUs with what is left, order, virtual account, status; a list that comes again changes the time only."""
    with stock(tmp_path) as unit:
        first, second = list_classic(unit, DOMAIN, SourceKind.PAK).items
        assert (first["number"], first["virtual_account"], first["order_number"]) == (PAK, POOL, "87001234")
        assert (first["ordered_at"], first["status"]) == ("2024-05-17T00:00:00Z", "available")
        assert first["skus"] == [
            {"sku": "L-ADV-K9", "quantity": 5, "eligible": True},
            {"sku": "L-ESS", "quantity": 3, "eligible": True},
        ]
        assert (second["eligible"], second["remaining"], second["virtual_account"]) == (3, 10, "DEFAULT")
        assert show_list(unit, DOMAIN, SourceKind.PAK)["listed_at"] == "2026-01-01T12:00:00Z"

        for text, found in {
            "j5a1": [PAK], "l-old": [WHOLE_PAK], "site": [PAK], "5678": [WHOLE_PAK], "L-ESS": [PAK, WHOLE_PAK], "%": [],
        }.items():  # fmt: skip
            assert numbers(unit, q=text) == found, text

        again = import_classic(unit, DOMAIN, SourceKind.PAK, PAKS)
        assert (again["sources"], again["new"], again["changed"]) == (2, 0, 0)


@pytest.mark.row("C9.2", "C9.1")
def test_a_part_of_a_pak_is_converted_as_the_preview_says(tmp_path: Path) -> None:
    """What is chosen enters as lots of the PAK, leaves the list, marks the PAK; the transactions name it."""
    with stock(tmp_path) as unit:
        seen = preview_conversion(unit, DOMAIN, SourceKind.PAK, PAK.lower(), {"L-ADV-K9": 2, "L-ESS": 3}, "Spare")
        assert (seen["quantity"], seen["refused"], seen["converted"]) == (5, [], False)
        assert [(one["check"], one["contract"]) for one in seen["lines"]] == [("passed", "C-100"), ("not_needed", None)]
        assert purchased(unit, "Spare") == {}

        done = convert_licences(
            unit, DOMAIN, SourceKind.PAK, PAK, {"L-ADV-K9": 2, "L-ESS": 3}, "Spare", seen["revision"]
        )
        assert (done["lines"], done["quantity"]) == (seen["lines"], 5)
        assert purchased(unit, "Spare") == {"ADVANTAGE": 2, "ESSENTIALS": 3}
        lots = {one["licence"]: one for one in list_lots(unit, DOMAIN, ["Spare"], {}).items}
        assert (lots["ADVANTAGE"]["source"], lots["ADVANTAGE"]["pak"]) == ("pak_migration", PAK)
        assert lots["ESSENTIALS"]["end"] == "2027-01-01T00:00:00Z"
        left = list_classic(unit, DOMAIN, SourceKind.PAK).items[0]
        assert left["skus"] == [{"sku": "L-ADV-K9", "quantity": 3, "eligible": True}]
        assert (left["converted"], left["remaining"]) == (5, 3)
        sources = {one["source"] for one in list_transactions(unit, DOMAIN, "Spare", Slice()).items}
        assert sources == {f"conversion (PAK {PAK})"}
        newest = list_events(unit, DOMAIN, "Spare", Slice()).items[0]
        assert newest["message"] == f"conversion (PAK {PAK}): 2 of Advantage, 3 of Essentials added to Spare"

        with pytest.raises(ConversionChangedError):
            convert_licences(unit, DOMAIN, SourceKind.PAK, PAK, {"L-ADV-K9": 3}, "Spare", seen["revision"])
        convert_licences(unit, DOMAIN, SourceKind.PAK, PAK, None)
        assert (numbers(unit), purchased(unit, POOL)) == ([WHOLE_PAK], {"ADVANTAGE": 3})
        with pytest.raises(NothingToConvertError):
            convert_licences(unit, DOMAIN, SourceKind.PAK, PAK, None)
        assert import_classic(unit, DOMAIN, SourceKind.PAK, PAKS)["changed"] == 0
        assert numbers(unit) == [WHOLE_PAK]
        unit.session.flush()
        assert verify_ledger(unit)["findings"] == []


REFUSED: dict[str, tuple[str, dict[str, int], type[AppError]]] = {
    "more than is left": (PAK, {"L-ADV-K9": 6}, TooManyToConvertError),
    "a SKU that it does not hold": (PAK, {"L-ELSE": 1}, UnknownClassicSkuError),
    "nothing": (PAK, {"L-ADV-K9": 0, "L-ESS": 0}, NothingToConvertError),
    "a part where only all is possible": (WHOLE_PAK, {"L-ADV-K9": 1, "L-ESS": 1}, OnlyWholeError),
    "a SKU left out where only all is possible": (WHOLE_PAK, {"L-ADV-K9": 2}, OnlyWholeError),
    "two of them": (PAK, {"L-ADV-K9": 6, "L-ESS": 4}, ConversionRefusedError),
    "another PAK": ("9999", {"L-ESS": 1}, UnknownClassicSourceError),
}


@pytest.mark.row("C9.2")
@pytest.mark.parametrize("case", REFUSED)
def test_a_choice_that_cannot_be_is_refused_and_nothing_changes(case: str, tmp_path: Path) -> None:
    """The refusal names the reason; the preview names the same one."""
    number, wanted, refusal = REFUSED[case]
    with stock(tmp_path) as unit:
        with pytest.raises(refusal) as found:
            convert_licences(unit, DOMAIN, SourceKind.PAK, number, wanted)
        assert purchased(unit, POOL) == {}
        if refusal is not UnknownClassicSourceError:
            reasons = preview_conversion(unit, DOMAIN, SourceKind.PAK, number, wanted)["refused"]
            assert all(one["code"] in {found.value.code, "too_many_to_convert"} for one in reasons)
            assert reasons


@pytest.mark.row("C9.2")
def test_the_contract_check_stops_what_no_contract_covers(tmp_path: Path) -> None:
    """A PAK in parts goes on with the SKUs that pass; one that goes as a whole does not go at all."""
    limited = f"contract,sku,pak,end\nC-7,L-ADV-K9,{WHOLE_PAK},2027-01-01\nC-8,L-ADV-K9,,2025-12-30\n".encode()
    with stock(tmp_path, limited) as unit:
        shown = {one["sku"]: one for one in show_classic(unit, DOMAIN, SourceKind.PAK, PAK)["licences"]}
        assert (shown["L-ADV-K9"]["check"], shown["L-ADV-K9"]["code"]) == ("failed", "contract_missing")
        with pytest.raises(ContractMissingError):
            convert_licences(unit, DOMAIN, SourceKind.PAK, PAK, None)
        usual = usual_choice(unit, DOMAIN, SourceKind.PAK, PAK)
        assert usual == {"L-ESS": 3}
        assert convert_licences(unit, DOMAIN, SourceKind.PAK, PAK, usual)["quantity"] == 3

        whole = convert_licences(unit, DOMAIN, SourceKind.PAK, WHOLE_PAK, None)
        assert [(one["sku"], one["quantity"], one["contract"]) for one in whole["lines"]] == [
            ("L-ADV-K9", 2, "C-7"),
            ("L-ESS", 1, None),
        ]
        import_contracts(unit, DOMAIN, b"contract,sku\n")
        import_classic(unit, DOMAIN, SourceKind.PAK, b"pak,sku,quantity,partial\nP-3,L-ADV-K9,1,no\nP-3,L-ESS,1,no\n")
        unit.session.flush()
        for wanted in (None, {"L-ESS": 1}):
            with pytest.raises(ContractMissingError):
                convert_licences(unit, DOMAIN, SourceKind.PAK, "P-3", wanted)


@pytest.mark.row("C9.3")
def test_licences_of_a_device_are_converted_by_its_identifier(tmp_path: Path) -> None:
    """Found by device, family, virtual account; each SKU by itself, a part only where the SKU allows it."""
    with stock(tmp_path) as unit:
        for text, found in {"fcw2303": [DEVICE], "catalyst": [DEVICE], POOL: [DEVICE], "elsewhere": []}.items():
            assert numbers(unit, SourceKind.DEVICE, q=text) == found, text
        one = show_classic(unit, DOMAIN, SourceKind.DEVICE, DEVICE)
        assert (one["family"], [row["name"] for row in one["licences"]]) == (
            "Catalyst 9300",
            ["Advantage", "Essentials"],
        )
        with pytest.raises(OnlyWholeError):
            convert_licences(unit, DOMAIN, SourceKind.DEVICE, DEVICE, {"L-ESS": 1})
        convert_licences(unit, DOMAIN, SourceKind.DEVICE, DEVICE, {"L-ADV-K9": 1})
        convert_licences(unit, DOMAIN, SourceKind.DEVICE, DEVICE, {"L-ESS": 2})
        lots = list_lots(unit, DOMAIN, [POOL], {}).items
        assert {(one["source"], one["serial"], one["product_family"]) for one in lots} == {
            ("device_migration", "FCW2303D16Y", "Catalyst 9300")
        }
        sources = {row["source"] for row in list_transactions(unit, DOMAIN, POOL, Slice()).items}
        assert (purchased(unit, POOL), sources) == ({"ADVANTAGE": 1, "ESSENTIALS": 2}, {f"conversion ({DEVICE})"})


@pytest.mark.row("C9.1", "C1.2")
def test_a_virtual_account_with_licences_to_convert_is_not_deleted(tmp_path: Path) -> None:
    """It can go when nothing is left to convert in it."""
    with stock(tmp_path) as unit:
        rows: dict[str, Any] = {"pak": b"pak,sku,quantity,virtual_account\nP-9,L-ESS,1,Spare\n"}
        assert judge_deletion(unit, DOMAIN, "Spare").allowed
        import_classic(unit, DOMAIN, SourceKind.PAK, rows["pak"])
        unit.session.flush()
        assert [one.message for one in judge_deletion(unit, DOMAIN, "Spare").reasons] == [
            "Spare holds classic licences to convert"
        ]
        convert_licences(unit, DOMAIN, SourceKind.PAK, "P-9", None, POOL)
        unit.session.flush()
        assert judge_deletion(unit, DOMAIN, "Spare").allowed
