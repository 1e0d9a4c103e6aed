"""The form of the databases: what migrations make is what the models say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Engine, MetaData, inspect

from central.domain.schema import metadata as of_central
from central.runtime import open_central
from satellite.core.schema import metadata as of_satellite
from satellite.runtime import open_satellite
from serverkit.db.migrate import differences
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.both_databases
@pytest.mark.repository_rule
def test_the_migrated_databases_have_the_form_of_the_models(site: World) -> None:
    """No table, column, index, key or guard is in one and not in the other, names included."""
    for program, server, metadata in (
        ("central", open_central(site.folder / "central"), of_central),
        ("satellite", open_satellite(site.folder / "satellite"), of_satellite),
    ):
        engine = server.database.engine
        differences(engine, ROOT / program / "migrations")
        for table in metadata.tables.values():
            assert guards_in(engine, table.name) == guards_of(metadata, table.name), table.name
        server.database.dispose()


def guards_in(engine: Engine, table: str) -> set[tuple[str, Any]]:
    """The guards of a table as the database has them."""
    found = inspect(engine)
    keys: set[tuple[str, Any]] = {
        (str(key["name"]), (*key["constrained_columns"], key["referred_table"], *key["referred_columns"]))
        for key in found.get_foreign_keys(table)
    }
    return keys | {(str(check["name"]), None) for check in found.get_check_constraints(table)}


def guards_of(metadata: MetaData, table: str) -> set[tuple[str, Any]]:
    """The guards of a table as its model says them."""
    keys: set[tuple[str, Any]] = {
        (str(key.name), (*key.column_keys, key.referred_table.name, *(part.column.name for part in key.elements)))
        for key in metadata.tables[table].foreign_key_constraints
    }
    checks = (one for one in metadata.tables[table].constraints if isinstance(one, CheckConstraint))
    return keys | {(str(check.name), None) for check in checks}
