"""Write `migrations/versions/0001_first_form.py` of both servers from their models.

python -m tools.first_form     while nothing is released, the first migration follows the models

After the first release it writes nothing: each change of a model is a migration of its own then (`0002_…`).
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine

from central.domain.schema import metadata as of_central
from satellite.core.schema import metadata as of_satellite

ROOT = Path(__file__).resolve().parents[1]
_HEAD = '''"""first form"""

from alembic import op
import sqlalchemy as sa
import serverkit.db.base


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    '''


def rendered(metadata: MetaData) -> str:
    """The migration that makes the tables of these models."""
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        script = produce_migrations(context, metadata)
    upward, downward = (
        render_python_code(ops, render_as_batch=True) for ops in (script.upgrade_ops, script.downgrade_ops)
    )  # type: ignore[arg-type]  # both scripts hold operations
    return f"{_HEAD}{upward}\n\n\ndef downgrade() -> None:\n    {downward}\n"


def is_released() -> bool:
    """Whether a version was released: what it wrote is kept then."""
    return any((ROOT / "tests" / "fixtures" / "releases").glob("*/frozen.json"))


def main() -> int:
    """Write both, while nothing is released."""
    if is_released():
        print("a version is released: add a migration (0002_…); those that it contains never change", file=sys.stderr)
        return 1
    for server, metadata in (("central", of_central), ("satellite", of_satellite)):
        (ROOT / server / "migrations" / "versions" / "0001_first_form.py").write_text(rendered(metadata))
    return 0


if __name__ == "__main__":
    sys.exit(main())
