"""The form of the databases: what migrations make is what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.runtime import open_central
from satellite.runtime import open_satellite
from serverkit.db.migrate import differences
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.repository_rule
def test_the_migrated_databases_have_the_form_of_the_models(site: World) -> None:
    """No table, column, index or constraint is in one and not in the other, names included."""
    for program, server in (
        ("central", open_central(site.folder / "central")),
        ("satellite", open_satellite(site.folder / "satellite")),
    ):
        differences(server.database.engine, ROOT / program / "migrations")
        server.database.dispose()
