"""Every column that needs a guard has one, or is on a list with the reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, Integer, String, Table, Text

from central.domain.ledger.rules import MOST_QUANTITY
from central.domain.schema import metadata as of_central
from exchange import limits
from satellite.core.schema import metadata as of_satellite
from serverkit.db import guards

ADR = Path(__file__).resolve().parents[2] / "docs" / "adr" / "0038-database-guards.md"
SERVERS = {"central": of_central, "satellite": of_satellite}
NO_WORDS = re.compile(
    r"(^|_)(id|hash|digest|key|serial|nonce|holder|name|domain|host|email|tag|sku|hostname|family|actor|kind|job|slot|"
    r"order_number|order_line|software_version|zone|boot|content_type|created_by|asked_by|address|published_by|agreement_accepted_by|action|member|version|"
    r"from_virtual_account|to_virtual_account|seen_as|rehost_of|rehosted_to|factory_place)$"
)
FREE = {
    ("licence_transactions", "source"): "words of orders and transfers alike",
    ("postings", "reason"): "each release brings new ones",
    ("export_queue", "reason"): "what central answered, which may be newer than the site",
    ("alerts", "source"): "the name of what an alert is about",
    ("alerts", "licence"): "the tag of a licence, which the vendor writes",
    ("kept_licences", "next_end"): "a day, or none",
    ("kept_licences", "types"): "several kinds of lots between bars, added up from rows that list them",
    ("usage_months", "month"): "a year and a month",
    ("saved_reports", "at"): "a time of the day",
    ("external_identities", "issuer"): "the address of a provider",
    ("external_identities", "subject"): "the id that a provider gives a person",
    ("instances", "detached_term"): "a random id",
    ("product_licences", "product"): "the tag of a product, which the vendor writes",
}


def columns() -> list[tuple[str, Table, Column[object]]]:
    """Every column of both servers."""
    return [
        (server, table, column)
        for server, metadata in SERVERS.items()
        for table in metadata.sorted_tables
        for column in table.columns
    ]


def has_check(table: Table, name: str) -> bool:
    """Whether a check of the table is for this column."""
    known = {f"ck_{table.name}_{name}_known", f"ck_{table.name}_{name}_bounds"} | (
        {f"ck_{table.name}_only_row"} if name == "id" else set()
    )
    return any(str(one.name) in known for one in table.constraints if isinstance(one, CheckConstraint))


def exceptions() -> set[str]:
    """The columns that the ADR takes out of foreign keys, as `server table.column`."""
    return {
        f"{server} {column}"
        for server, column in re.findall(r"^\| (\w+) `([\w.*]+)` \|", ADR.read_text(), re.MULTILINE)
    }


@pytest.mark.repository_rule
def test_every_number_has_its_bounds() -> None:
    """A column of numbers says between which bounds they are."""
    bare = [
        f"{server} {table.name}.{column.name}"
        for server, table, column in columns()
        if isinstance(column.type, Integer) and not has_check(table, column.name)
    ]
    assert bare == []


@pytest.mark.repository_rule
def test_every_state_lists_its_words() -> None:
    """A column of short words lists them, unless it holds names, ids or what a person wrote."""
    bare = [
        f"{server} {table.name}.{column.name}"
        for server, table, column in columns()
        if isinstance(column.type, String)
        and not isinstance(column.type, Text)
        and not NO_WORDS.search(column.name)
        and (table.name, column.name) not in FREE
        and not has_check(table, column.name)
    ]
    assert bare == []


@pytest.mark.repository_rule
def test_every_id_names_a_row_or_is_an_exception_with_its_reason() -> None:
    """A column that ends in `_id` has a foreign key or is in the ADR, never both; the ADR lists nothing else."""
    listed = exceptions()
    used: set[str] = set()
    wrong = []
    for server, table, column in columns():
        if not column.name.endswith("_id"):
            continue
        entry = {f"{server} {table.name}.{column.name}", f"{server} {table.name}.*"} & listed
        used |= entry
        if bool(column.foreign_keys) == bool(entry):
            wrong.append(f"{server} {table.name}.{column.name}")
    assert wrong == []
    assert used == listed


@pytest.mark.repository_rule
def test_what_is_deleted_is_found_by_what_names_it() -> None:
    """The columns of each foreign key lead an index or a key, or their parents are never deleted."""
    kept = {"smart_accounts", "satellites", "users", "entitlements", "lots", "api_clients"}
    wrong = []
    for server, metadata in SERVERS.items():
        for table in metadata.sorted_tables:
            leads = [[*table.primary_key.columns.keys()], *([*index.columns.keys()] for index in table.indexes)]
            for key in table.foreign_key_constraints:
                parents = {*kept} if server == "central" else {"virtual_accounts", "instances"}
                own = key.column_keys[-1]
                if key.referred_table.name not in parents and not any(own in lead[:2] for lead in leads):
                    wrong.append(f"{server} {key.name}")
    assert wrong == []


@pytest.mark.repository_rule
def test_the_bound_of_quantities_is_one() -> None:
    """The databases, the rules of orders and the formats of files agree on the greatest quantity."""
    assert guards.QUANTITY == MOST_QUANTITY == limits.QUANTITY
    assert guards.NUMBER == limits.JSON_INTEGER
