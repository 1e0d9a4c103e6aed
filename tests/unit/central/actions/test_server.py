"""The server as a whole: its database, and the end of a restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.server import finish_restore, migrate_database
from serverkit.errors import AppError


@pytest.mark.row("B8")
@pytest.mark.parametrize("action", [migrate_database, finish_restore])
def test_a_folder_that_was_never_set_up_is_refused_and_stays_empty(tmp_path: Path, action: object) -> None:
    """No database is made where there is none."""
    assert callable(action)
    with pytest.raises(AppError):
        action(tmp_path)
    assert not (tmp_path / "central.db").exists()
