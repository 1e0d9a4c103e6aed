"""The doctor where there is nothing yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions.doctor import diagnose_machine
from satellite.jobs.catalogue import jobs_of
from serverkit.verdicts import Outcome


@pytest.mark.row("S3.5")
def test_a_folder_without_a_home_is_named_and_what_follows_is_skipped(tmp_path: Path) -> None:
    """The remedy names the command that makes a home; nothing is made by looking."""
    found = {one.name: one for one in diagnose_machine(tmp_path, jobs_of)}

    assert [found["settings"].outcome, found["home"].outcome] == [Outcome.PASS, Outcome.FAIL]
    assert found["home"].detail.startswith("home_not_initialised: ")
    assert found["home"].to_dict()["command"] == "satellite init --help"
    assert {found[name].outcome for name in ("disk", "database", "schema", "port")} == {Outcome.SKIP}
    assert list(tmp_path.iterdir()) == []
