"""The support bundle, where the server is not well."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from satellite.actions import support
from serverkit.actor import OPERATOR
from tests.unit.satellite.factories import server_of


@pytest.mark.row("S3.5")
def test_a_fault_of_the_program_in_one_part_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle is made all the same and says which part failed; the text of such a fault may hold anything and stays out."""

    def broken(*_: object) -> None:
        raise ValueError("a-secret")

    monkeypatch.setattr(support, "examine_health", broken)
    server = server_of(tmp_path / "home")
    support.write_bundle(server, OPERATOR, tmp_path / "bundle.zip", lambda _stage: None)
    server.database.dispose()
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        assert json.loads(bundle.read("health.json")) == {"failed": "ValueError"}
        assert json.loads(bundle.read("versions.json"))["program"].startswith("satellite ")
