"""Tables as people save them: what is certain is taken, everything else is named with the line and what was found."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from agent.errors import InvalidInputError
from agent.inventory.folder import read_catalogue
from central.app import make_app
from central.runtime import open_central
from serverkit.table_file import FILE_BYTES
from tests.api.callers import Api, central_token
from tests.world import ACCOUNT, World

CASES = Path(__file__).parent.parent / "data" / "cases" / "csv"
TAG = "regid.2017-05.com.example.adv"
HEAD = "virtual_account,tag,quantity,type,start,end\n"


@pytest.fixture
def campus(vendor: World) -> World:
    """A central with the licence and virtual account that the cases name."""
    vendor.central("virtual-account", "create", ACCOUNT, "Campus")
    vendor.central("catalogue", "import", vendor.file("c.csv", f'kind,tag,name\nentitlement,"{TAG}",Adv\n'))
    return vendor


def taken(world: World, path: str) -> dict[str, Any]:
    """Import an order file that is taken."""
    return world.central("order", "import", ACCOUNT, path)


def refused(world: World, content: str | bytes) -> dict[str, str]:
    """Import an order file that is refused; nothing is bought."""
    error: dict[str, str] = world.central("order", "import", ACCOUNT, world.file("bad.csv", content), code=1)["error"]
    assert not [row for row in world.central("licences", ACCOUNT)["items"] if row["tag"] == TAG]
    return error


@pytest.mark.row("C3.4")
def test_files_of_spreadsheets_are_taken_as_they_are_saved(campus: World) -> None:
    """Semicolons, tabs, a line `sep=`, a byte order mark, UTF-16, capitals, empty columns at the end, CR line ends."""
    row = ["Campus", TAG, "3", "perpetual"]
    lines = [["Virtual Account", "TAG", "Quantity", "Type"], row]
    made: dict[str, bytes] = {
        "utf-16": "\r\n".join("\t".join(line) for line in lines).encode("utf-16"),
        "bars": "\n".join("|".join(line) for line in lines).encode(),
        "wider": "\n".join(",".join(line) + ",," for line in lines).encode(),
        "sep-tab": b"sep=\t\r\n" + "\r\n".join("\t".join(line) for line in lines).encode(),
        "two marks": b"\xef\xbb\xbf" * 2 + "\n".join(",".join(line) for line in lines).encode(),
        "carriage returns": "\r".join(";".join(line) for line in lines).encode(),
        "sep-line and carriage returns": b"sep=;\r\r" + "\r".join(";".join(line) for line in lines).encode(),
    }
    names = ("semicolons.csv", "semicolons-bom-crlf.csv", "sep-line.csv", "tabs.csv", "capitals.csv")
    contents = {**{name: (CASES / name).read_bytes() for name in names}, **made}
    lots = [taken(campus, campus.file("order.csv", content))["quantity"] for content in contents.values()]

    assert lots == [3] * len(contents)
    assert campus.licence(TAG, pool="Campus")["purchased"] == 3 * len(contents)


NAMED = {
    "no header": ((CASES / "no-header.csv").read_bytes(), "line 1: there is no header line"),
    "empty": ((CASES / "empty.csv").read_bytes(), "the file is empty"),
    "blank": (b"\n \n", "the file is empty"),
    "workbook": ((CASES / "workbook.csv").read_bytes(), "an Excel workbook"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50), "an Excel workbook (.xls)"),
    "open document": (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "(.ods)"),
    "web page": (b"<!DOCTYPE html><html><table></table></html>", "a web page"),
    "other encoding": (f"{HEAD}Campus,{TAG},3,B\u00fcro,,\n".encode("latin-1"), "line 2: the byte 0xfc is not UTF-8"),
    "other encoding, carriage returns": (
        f"{HEAD}Campus,{TAG},3,B\u00fcro,,\n".replace("\n", "\r").encode("latin-1"),
        "line 2: the byte 0xfc is not UTF-8",
    ),
    "UTF-16 without mark": (HEAD.encode("utf-16-le"), "UTF-16 without a byte order mark"),
    "twice": (f"virtual_account,tag,quantity,Tag\nCampus,{TAG},3,x\n".encode(), "line 1: a column occurs twice: tag"),
    "long cell": (f"{HEAD}Campus,{TAG},{'9' * 200_000},,,\n".encode(), "line 2: a cell holds more than 131072"),
    "open quotation mark": (f'{HEAD}Campus,"{TAG},3,,,\n'.encode(), "line 2: a quotation mark is opened"),
    "missing": (b"virtual_account;tag\nCampus;T\n", "quantity; found, separated by the semicolon"),
    "two separators": (f"{HEAD}Campus;{TAG};3;;;\n".encode(), "the line is separated by the semicolon"),
    "wrong sep": (b"sep=;\n" + HEAD.encode(), "line 1 names the semicolon as separator, line 2 is separated by the comma"),
    "sep-line alone": (b"sep=;\r \r", "the file holds no header line and no row"),
    "a million blank lines": (b"sep=;" + b"\n" * 1_000_000 + b"x", "line 1000001: there is no header line"),
    "odd sep": (b"sep=x\n" + HEAD.encode(), "names no separator"),
}  # fmt: skip


@pytest.mark.row("C3.4")
def test_what_is_no_table_of_this_kind_is_named_as_what_it_is(campus: World) -> None:
    """Each has its own message, and the line where there is one; nothing is taken."""
    for name, (content, words) in NAMED.items():
        assert words in refused(campus, content)["message"], name


@pytest.mark.row("C3.4")
def test_a_file_over_the_limit_is_said_to_be_too_large(campus: World) -> None:
    """It is not a question of permissions."""
    path = campus.file("large.csv", HEAD)
    with Path(path).open("r+b") as file:
        file.truncate(FILE_BYTES + 1)
    error = campus.central("order", "import", ACCOUNT, path, code=1)["error"]

    assert error["code"] == "file_too_large"
    assert "permissions" not in error["remedy"]


CELLS = {
    "=3": "it is a formula",
    "1.000": "its thousands are separated",
    "1,000": "its thousands are separated",
    "1 000": "its thousands are separated",
    "3,0": "it has a decimal point or comma",
    "3.5": "it has a decimal point or comma",
    "'3": "an apostrophe is before it",
    "\uff13": "write it with the digits 0 to 9",
    "": "nothing is written there",
}


@pytest.mark.row("C3.4")
def test_a_quantity_that_is_no_whole_number_is_named_as_what_it_is(campus: World) -> None:
    """Formulas, separated thousands, decimals, apostrophes, other digits, nothing: all in one refusal, line by line."""
    rows = "".join(f'Campus;"{TAG}";"{text}"\n' for text in CELLS)
    message = refused(campus, f"virtual_account;tag;quantity\n{rows}")["message"]

    for line, words in enumerate(CELLS.values(), start=2):
        assert words in message.partition(f"line {line}: ")[2].partition("; line")[0], words


@pytest.mark.row("C3.4")
def test_a_tag_in_other_case_or_a_name_instead_of_it_is_hinted_at(campus: World) -> None:
    """The line says which tag may be meant, and takes none by itself; a NUL character is named with its line."""
    head = "virtual_account;tag;quantity\n"
    for text in (TAG.upper(), "adv", f"'{TAG}"):
        assert f"did you mean '{TAG}'?" in refused(campus, f"{head}Campus;{text};3\n")["message"], text
    assert "did you mean" not in refused(campus, f"{head}Campus;other;3\n")["message"]
    assert "line 2: a NUL character" in refused(campus, f"{head}Campus;{TAG};3\0\n".encode())["message"]


DATES = {
    "2026-02-30": "there is no such day as 2026-02-30: that month has 28 days",
    "2026-13-01": "there is no such day as 2026-13-01: a year has no month 13",
    "01.02.2026": "'01.02.2026' is not written as year-month-day, such as 2027-11-30",
    "2/1/2026": "is not written as year-month-day, such as 2027-11-30",
    "2026-02-01T25:00Z": "the time of '2026-02-01T25:00Z' is not written such as",
}


@pytest.mark.row("C3.4")
def test_an_impossible_day_is_told_from_a_wrong_form(campus: World) -> None:
    """Both give an example of the form."""
    for text, words in DATES.items():
        error = refused(campus, f"{HEAD}Campus,{TAG},3,term,{text},2027-02-01\n")
        assert error["code"] == "invalid_date"
        assert f"line 2: invalid_date: start: {words}" in error["message"] or words in error["message"], text
    for name in ("impossible-day.csv", "day-first.csv"):
        assert refused(campus, (CASES / name).read_bytes())["code"] == "invalid_date"


@pytest.mark.row("C3.4")
def test_the_agent_reads_a_catalogue_as_central_does(tmp_path: Path) -> None:
    """Semicolons, tabs, UTF-16 and capitals; what is not a catalogue is named."""
    lines = [["Kind", "TAG", "Name"], ["entitlement", "T", "Title"]]
    path = tmp_path / "catalogue.csv"
    found = []
    for separator, encoding in ((",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16")):
        path.write_bytes("\r\n".join(separator.join(line) for line in lines).encode(encoding))
        found.append(read_catalogue(path))
    refused = []
    for content in (b"PK\x03\x04workbook", b"", b"entitlement,T,Title\n"):
        path.write_bytes(content)
        with pytest.raises(InvalidInputError) as error:
            read_catalogue(path)
        refused.append(error.value.message)

    assert found == [[{"kind": "entitlement", "tag": "T", "name": "Title"}]] * 3
    assert ["workbook" in refused[0], "empty" in refused[1], "no header line" in refused[2]] == [True] * 3


@pytest.mark.row("C3.4")
def test_a_clock_is_not_set_to_a_day_that_does_not_exist(vendor: World) -> None:
    """The same sentence wherever people write a date."""
    error = vendor.central("clock", "set", "2027-02-30T00:00:00Z", code=2)["error"]

    assert "there is no such day as 2027-02-30" in error["message"]


@pytest.mark.row("C3.4")
def test_what_is_odd_is_taken_with_a_warning(campus: World) -> None:
    """No line, a term that is over, a line without order number that came before: command, JSON and REST say so."""
    none = taken(campus, str(CASES / "header-only.csv"))
    rows = f"{HEAD}Campus,{TAG},3,term,2020-01-01,2020-12-31\nCampus,{TAG},4,,,\nCampus,{TAG},4,,,\n"
    first = taken(campus, campus.file("rows.csv", rows))
    again = taken(campus, campus.file("rows.csv", f"{HEAD}Campus,{TAG},4,,,\n"))
    campus.central("user", "add", "root", "--role", "vendor_administrator")
    api = Api(make_app(open_central(campus.folder / "central")), central_token(campus, "write"))
    path = f"/smart-accounts/{ACCOUNT}/orders"
    status, sent = api.ask("POST", path, raw=f"{HEAD}Campus,{TAG},4,,,\n".encode(), Content_Type="text/csv")
    catalogue = campus.central("catalogue", "import", campus.file("c.csv", "kind;tag;name\n"))

    assert [(w["line"], w["code"]) for w in none["warnings"]] == [(None, "no_lines")]
    assert [(w["line"], w["code"]) for w in first["warnings"]] == [(2, "term_is_over"), (4, "came_before")]
    assert "until the end of 31 Dec 2020 UTC" in first["warnings"][0]["message"]
    assert [(w["line"], w["code"]) for w in again["warnings"]] == [(2, "came_before")]
    assert (status, [w["code"] for w in sent["warnings"]]) == (200, ["came_before"])
    assert [w["code"] for w in catalogue["warnings"]] == ["no_lines"]


@pytest.mark.row("C3.1", "C3.3")
def test_an_order_that_starts_later_is_taken_and_upcoming(campus: World) -> None:
    """It is not a warning; the licence shows what comes."""
    shutil.copy(CASES / "starts-later.csv", campus.folder / "later.csv")
    answer = taken(campus, campus.file("later.csv"))

    assert answer["warnings"] == []
    assert campus.licence(TAG, pool="Campus")["upcoming"] == 15
