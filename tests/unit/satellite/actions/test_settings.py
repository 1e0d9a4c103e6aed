"""The settings of a satellite's machine as one overview."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from satellite.actions.settings import list_machine_settings
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.settings import PREFIX, SatelliteSettings
from serverkit.actor import OPERATOR
from serverkit.settings_file import load_settings
from tests.unit.satellite.factories import person, server_of, unit_of


@pytest.mark.row("S3.4")
def test_each_setting_has_a_value_and_a_source_and_secrets_are_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Environment goes before file before default; the address of a database may hold a password."""
    server = server_of(tmp_path)
    (tmp_path / "config.toml").write_text('[server]\nworkers = 3\n[database]\nurl = "postgresql://a:secret@db/s"\n')
    monkeypatch.setenv("SATELLITE_SERVER__THREADS", "8")
    changed = replace(server, settings=load_settings(SatelliteSettings, tmp_path, PREFIX))
    with unit_of(OPERATOR) as unit:
        found = {one["name"]: one for one in list_machine_settings(changed, unit)}
    with unit_of(person(Role.OPERATOR)) as unit, pytest.raises(NotPermittedError):
        list_machine_settings(changed, unit)
    server.database.dispose()

    assert (found["server.workers"]["value"], found["server.workers"]["source"]) == (3, "file")
    assert (found["server.threads"]["value"], found["server.threads"]["source"]) == (8, "environment")
    assert found["server.bind"]["source"] == "default"
    assert (found["database.url"]["value"], found["database.url"]["hidden"]) == (None, True)
    assert "secret" not in str(found)
