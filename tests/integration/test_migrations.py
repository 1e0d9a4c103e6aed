"""Migrations keep what is in the database: from the first form with a row in every table, through any later step."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from serverkit.db import migrate
from serverkit.db.engine import make_engine

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ("central", "satellite")
AT = datetime(2027, 3, 1, 12)  # noqa: DTZ001 - as it is in a table without zones
Rows = dict[str, list[tuple[Any, ...]]]

STEP = '''"""a later step"""

from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    with op.batch_alter_table("virtual_accounts") as batch:
        batch.add_column(sa.Column("colour{revision}", sa.String(8), nullable=False, server_default="blue"))
        batch.create_check_constraint("colour_known{revision}", "colour{revision} IN ('blue', 'red')")
{last}
'''
FAILING = '    op.execute("DELETE FROM events")\n    raise RuntimeError("the step fails half way")'


class Form:
    """A database of one server in its first form, with one row in every table."""

    def __init__(self, server: str, engine: Engine, folder: Path, blueprint: MetaData) -> None:
        self.engine, self.folder, self.blueprint = engine, folder, blueprint
        self.real = ROOT / server / "migrations"

    def step(self, revision: str, before: str, last: str = "") -> None:
        """Write a further step."""
        code = STEP.format(revision=revision, before=before, last=last)
        (self.folder / "versions" / f"{revision}_step.py").write_text(code, encoding="utf-8")

    def rows(self) -> Rows:
        """What is in the columns of the first form."""
        with self.engine.connect() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table))]
                for table in self.blueprint.sorted_tables
            }


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def form(request: pytest.FixtureRequest, server: str, tmp_path: Path) -> Iterator[Form]:
    """The first form of a server, filled, on either database."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    shutil.copy(ROOT / server / "migrations" / "env.py", folder)
    shutil.copy(next((ROOT / server / "migrations" / "versions").glob("0001_*.py")), folder / "versions")
    engine = make_engine(tmp_path / "first.db")
    migrate.upgrade(engine, folder)
    blueprint = MetaData()
    with engine.connect() as connection:  # the embedded database keeps checks letter by letter
        blueprint.reflect(connection)
    blueprint.remove(blueprint.tables[migrate.REVISION_TABLE])
    if request.param == "postgresql":
        engine.dispose()
        new_database: Callable[[str], str] = request.getfixturevalue("postgresql")
        engine = make_engine(new_database(""))
        migrate.upgrade(engine, folder)
    with engine.execution_options(perigee_write=True).begin() as connection:
        fill(connection, blueprint)
    yield Form(server, engine, folder, blueprint)
    engine.dispose()


def fill(connection: Connection, blueprint: MetaData) -> None:
    """Write one row to each table: it names the rows of the others, and no guard refuses it."""
    made: dict[str, dict[str, Any]] = {}
    for table in blueprint.sorted_tables:
        row = {column.name: value_of(table, column) for column in table.columns if column.computed is None}
        for key in table.foreign_key_constraints:
            target = made.get(key.referred_table.name, row)
            row.update({part.parent.name: target[part.column.name] for part in key.elements})
        made[table.name] = row
    for table in blueprint.sorted_tables:
        connection.execute(table.insert(), made[table.name])


def value_of(table: Table, column: Column[Any]) -> Any:
    """A value of a column's type that its checks allow."""
    checks = [str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint)]
    own = [check for check in checks if re.match(rf'"?{column.name}"? ', check)]
    for check in own:
        if words := re.search(r"IN \('([^']*)'", check):
            return words[1]
        if number := re.search(r'"? (?:BETWEEN|=) (\d+)', check):
            return int(number[1])
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, Integer):
        return 1
    if isinstance(column.type, DateTime):
        return AT
    if isinstance(column.type, Date):
        return AT.date()
    if isinstance(column.type, LargeBinary):
        return b"\x00\xff"
    return f"{table.name}-{column.name}"[: getattr(column.type, "length", None) or 60]


@pytest.mark.both_databases
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.row("B8")
def test_a_dry_run_counts_the_rows_of_every_table_and_keeps_nothing(form: Form, tmp_path: Path) -> None:
    """A step that fails is shown to fail before it is taken; database and folder stay as they are."""
    form.step("0900", migrate.head(form.folder) or "")
    before, files = form.rows(), {path.name for path in tmp_path.iterdir()}

    found = migrate.rehearse(form.engine, form.folder)

    assert (found["before"], found["now"]) == ("0001", "0900")
    assert {row["table"] for row in found["rows"]} == set(form.blueprint.tables)
    assert all((row["before"], row["after"]) == (1, 1) for row in found["rows"])
    assert migrate.current(form.engine) == "0001"
    form.step("0901", "0900", FAILING)
    with pytest.raises(RuntimeError, match="half way"):
        migrate.rehearse(form.engine, form.folder)
    assert (form.rows(), {path.name for path in tmp_path.iterdir()}) == (before, files)


@pytest.mark.both_databases
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.row("E3", "S2.6")
def test_the_first_form_reaches_the_newest_with_every_row(form: Form) -> None:
    """All steps of this version, over a database with a row in every table: each row is there as it was."""
    before = form.rows()
    assert all(len(rows) == 1 for rows in before.values())

    migrate.upgrade(form.engine, form.real)

    assert migrate.current(form.engine) == migrate.head(form.real)
    assert form.rows() == before


@pytest.mark.both_databases
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.row("E3", "S2.6")
def test_a_step_that_changes_a_table_which_others_name_keeps_every_row_and_guard(form: Form) -> None:
    """The table is rebuilt where the database cannot change it; the rows that name its rows, and the guards, stay."""
    before = form.rows()
    form.step("0002", "0001")
    form.step("0003", "0002")

    migrate.upgrade(form.engine, form.folder)

    assert migrate.current(form.engine) == "0003"
    assert form.rows() == before
    with form.engine.connect() as connection:
        assert set(connection.execute(text("SELECT colour0002, colour0003 FROM virtual_accounts"))) == {
            ("blue", "blue")
        }
    named = {key["referred_table"] for key in inspect(form.engine).get_foreign_keys("tokens")}
    assert "virtual_accounts" in named
    for wrong in ("DELETE FROM virtual_accounts", "UPDATE virtual_accounts SET colour0002 = 'green'"):
        with (
            pytest.raises(IntegrityError),
            form.engine.execution_options(perigee_write=True).begin() as connection,
        ):
            connection.execute(text(wrong))


@pytest.mark.both_databases
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.row("E3", "S2.6")
def test_a_step_that_fails_leaves_the_database_as_it_was(form: Form) -> None:
    """The revision, the form and every row are those from before, also of the steps that had gone well."""
    before = form.rows()
    form.step("0002", "0001")
    form.step("0003", "0002", FAILING)

    with pytest.raises(RuntimeError, match="half way"):
        migrate.upgrade(form.engine, form.folder)

    assert migrate.current(form.engine) == "0001"
    assert form.rows() == before
    assert "colour0002" not in {column["name"] for column in inspect(form.engine).get_columns("virtual_accounts")}


@pytest.mark.both_databases
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.row("E3")
def test_a_step_that_leaves_a_name_of_nothing_is_undone(form: Form) -> None:
    """Rows that others name are gone after the step: nothing of it is kept."""
    before = form.rows()
    form.step("0002", "0001", '    op.execute("DELETE FROM virtual_accounts")')

    with pytest.raises((IntegrityError, migrate.SchemaError)):
        migrate.upgrade(form.engine, form.folder)

    assert migrate.current(form.engine) == "0001"
    assert form.rows() == before
