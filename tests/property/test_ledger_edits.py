"""`ledger verify` names the row that someone edited behind the program, and no other (row E4)."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest

from central.domain.export_control.queries import active_units
from central.domain.ledger.models import Lot, Posting
from central.domain.ledger.verification import verify
from central.runtime import assemble
from serverkit.actor import OPERATOR
from tests.world import ACCOUNT, World

POSTING_COLUMNS = [c.name for c in Posting.__table__.columns if c.name not in {"account_id", "number"}]
LOT_COLUMNS = [c.name for c in Lot.__table__.columns if c.name not in {"account_id", "id"}]
NUMBERS = {"quantity"}


@pytest.fixture(scope="module")
def busy(memory: Path) -> Path:
    """A central with orders, a transfer, use, a grant and its return."""
    folder = Path(tempfile.mkdtemp(dir=memory))  # where tests are spread, a module can begin twice in a process
    world = World(folder)
    world.found_central()
    words = ("--from", "Spare", "--to", "Site", "--quantity", "4")
    world.central("licence", "transfer", ACCOUNT, "ADVANTAGE", *words)
    device = world.device("SN1", "central")
    device.use("ADVANTAGE", 2)
    device.request_export("STRONG", 2)
    device.return_export("STRONG")
    device.request_export("STRONG", 1)
    world.close()
    return folder / "central"


@pytest.fixture
def home(busy: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(busy, tmp_path / "central")


def edit(home: Path, statement: str) -> int:
    """Run a statement on the database, past its guards; how many rows it touched."""
    connection = sqlite3.connect(home / "central.db")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    try:
        with connection:
            return connection.execute(statement).rowcount
    finally:
        connection.close()


def ask(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Look into the database."""
    connection = sqlite3.connect(home / "central.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def keys_of_holdings(home: Path) -> list[str]:
    """The keys of all holdings, in order."""
    return [key for (key,) in ask(home, f"SELECT {KEY} FROM holdings ORDER BY 1")]


def named(home: Path) -> list[tuple[str, str]]:
    """What `ledger verify` names."""
    made = assemble(home)
    try:
        with made.database.read(OPERATOR) as unit:
            return [(one["table"], one["row"]) for one in verify(unit, active_units(unit))]
    finally:
        made.database.dispose()


def other(column: str) -> str:
    """A SQL expression for another value of a column."""
    if column in NUMBERS:
        return f'"{column}" + 1'
    if column in {"at", "start", "end", "created_at"}:
        return "'2031-05-05 05:05:05.000000'"
    return f"""coalesce("{column}", '') || 'x'"""


@pytest.mark.repository_rule
def test_an_untouched_ledger_has_no_findings(home: Path) -> None:
    """What the services wrote is what verify computes; the other tests here can therefore fail."""
    assert named(home) == []
    assert len(ask(home, "SELECT 1 FROM postings")) == 7


@pytest.mark.repository_rule
@pytest.mark.parametrize("column", POSTING_COLUMNS)
@pytest.mark.parametrize("number", [1, 4, 7])
def test_an_edited_posting_is_named_alone(home: Path, column: str, number: int) -> None:
    """Any column of the first, a middle or the last posting, its own hash included: exactly this posting is named."""
    assert edit(home, f'UPDATE postings SET "{column}" = {other(column)} WHERE number = {number}') == 1
    (account,) = ask(home, "SELECT DISTINCT account_id FROM postings")[0]

    assert named(home) == [("postings", f"{account}/{number}")]


@pytest.mark.repository_rule
@pytest.mark.parametrize("number", [1, 4, 7])
def test_a_deleted_posting_is_named_by_its_number(home: Path, number: int) -> None:
    """A gap is named, and the end is known: the last posting is missed as well as one in the middle."""
    (account,) = ask(home, "SELECT DISTINCT account_id FROM postings")[0]
    edit(home, f"DELETE FROM postings WHERE number = {number}")

    assert named(home) == [("postings", f"{account}/{number}")]


@pytest.mark.repository_rule
def test_postings_cut_off_at_the_end_are_missed_with_all_that_followed_from_them(home: Path) -> None:
    """The last three rows gone and the holdings restored to fit: the numbers that were given out still tell."""
    (account,) = ask(home, "SELECT DISTINCT account_id FROM postings")[0]
    edit(home, "DELETE FROM postings WHERE number > 4")
    edit(home, "DELETE FROM holdings WHERE bucket = 'locked'")

    assert named(home) == [("postings", f"{account}/5-7")]


@pytest.mark.repository_rule
def test_a_posting_added_by_hand_is_named(home: Path) -> None:
    """Even one that continues the chain rightly: its number was never given out."""
    (account,) = ask(home, "SELECT DISTINCT account_id FROM postings")[0]
    columns = ", ".join(f'"{c.name}"' for c in Posting.__table__.columns if c.name != "number")
    edit(home, f"INSERT INTO postings (number, {columns}) SELECT 8, {columns} FROM postings WHERE number = 1")

    assert ("postings", f"{account}/8") in named(home)


@pytest.mark.repository_rule
@pytest.mark.parametrize("column", LOT_COLUMNS)
def test_an_edited_lot_is_named_alone(home: Path, column: str) -> None:
    """A term made longer, a licence turned into another, a quantity raised: exactly this lot is named."""
    lot = ask(home, "SELECT id FROM lots ORDER BY id")[0][0]
    value = """'{"po_number":"x"}'""" if column == "details" else other(column)
    assert edit(home, f"""UPDATE lots SET "{column}" = {value} WHERE id = '{lot}'""") == 1

    assert named(home) == [("lots", lot)]


@pytest.mark.repository_rule
def test_a_deleted_lot_is_named(home: Path) -> None:
    """Its postings tell that it was there."""
    lot = ask(home, "SELECT id FROM lots ORDER BY id")[0][0]
    edit(home, f"DELETE FROM lots WHERE id = '{lot}'")

    assert named(home) == [("lots", lot)]


KEY = "account_id || '/' || lot_id || '/' || bucket || '/' || virtual_account_id || '/' || holder"


@pytest.mark.repository_rule
@pytest.mark.parametrize("change", ["quantity + 1", "quantity + 1000000"])
def test_an_edited_holding_is_named_alone(home: Path, change: str) -> None:
    """A raised quantity shows, since the postings say another."""
    key = keys_of_holdings(home)[1]
    edit(home, f"UPDATE holdings SET quantity = {change} WHERE {KEY} = '{key}'")

    assert named(home) == [("holdings", key)]


@pytest.mark.repository_rule
@pytest.mark.parametrize("column", ["account_id", "lot_id", "bucket", "virtual_account_id", "holder"])
def test_a_holding_moved_elsewhere_is_named_at_both_places(home: Path, column: str) -> None:
    """A holding with another key is one too many there and one too few here."""
    known = keys_of_holdings(home)
    before = known[1]
    edit(home, f"UPDATE holdings SET {column} = {column} || 'x' WHERE {KEY} = '{before}'")
    [after] = {*keys_of_holdings(home)} - {*known}

    assert sorted(named(home)) == sorted([("holdings", before), ("holdings", after)])


@pytest.mark.repository_rule
def test_a_holding_that_names_another_licence_than_its_lot_is_named_alone(home: Path) -> None:
    """Pools are added up by what a holding says: it must be the licence of its lot."""
    key = keys_of_holdings(home)[1]
    edit(home, f"UPDATE holdings SET tag = 'STRONG-TOO' WHERE {KEY} = '{key}'")

    assert named(home) == [("holdings", key)]


@pytest.mark.repository_rule
def test_a_deleted_holding_is_named(home: Path) -> None:
    """The postings tell what should be there."""
    key = keys_of_holdings(home)[1]
    edit(home, f"DELETE FROM holdings WHERE {KEY} = '{key}'")

    assert named(home) == [("holdings", key)]


@pytest.mark.repository_rule
@pytest.mark.parametrize(
    "statement", ["UPDATE pool_totals SET claimed = claimed + 1 WHERE claimed > 0", "UPDATE claims SET count = 7"]
)
def test_an_edited_claim_or_total_is_named_by_its_pool(home: Path, statement: str) -> None:
    """Claims and their kept total differ: the pool is named."""
    account, va, tag = ask(home, "SELECT account_id, virtual_account_id, tag FROM pool_totals WHERE claimed > 0")[0]
    assert edit(home, statement) == 1

    assert named(home) == [("pool_totals", f"{account}/{va}/{tag}")]
