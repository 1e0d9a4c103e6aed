"""Files on removable media: where they are looked for, and which one is to be taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions import media
from satellite.actions.media import CarriedFile, choose_file


@pytest.mark.row("S3.5")
def test_a_medium_that_was_pulled_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is mounted counts under the usual places, up to two levels below them; what is no longer mounted is gone."""
    (tmp_path / "ada" / "STICK").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    mounted = {str(tmp_path / "ada" / "STICK")}
    monkeypatch.setattr(media.os.path, "ismount", lambda path: str(path) in mounted)

    assert media.find_media([tmp_path, tmp_path / "none"], named=False) == [tmp_path / "ada" / "STICK"]
    mounted.clear()
    assert media.find_media([tmp_path], named=False) == []
    assert media.find_media([tmp_path], named=True) == [tmp_path]


@pytest.mark.row("S3.5")
def test_the_newest_file_that_would_be_applied_is_named() -> None:
    """Epoch before number, whatever the order of names; what is refused or known already is never named."""

    def one(epoch: int, number: int, outcome: str | None = "applied") -> CarriedFile:
        return CarriedFile(Path("a.pgx"), "sync-response", epoch, number, outcome=outcome)

    assert choose_file([one(1, 9), one(2, 1), one(2, 3, "already_applied"), one(3, 1, None)])[0] == 1
    assert choose_file([one(1, 1, None), one(1, 10), one(1, 9)])[0] == 1
    assert choose_file([one(1, 1, None), one(1, 2)]) == (1, "Take file 2: it is the only one that would be applied.")
    assert choose_file([one(1, 1, None)])[0] is None
    assert choose_file([])[0] is None
