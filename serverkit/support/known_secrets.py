"""The secrets that a server knows, to be looked for in a bundle before it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.secrets_box import SecretBox
from serverkit.stored_settings import StoredSettingMixin, read_secret

MOST_BYTES = 4096


def secrets_in_files(files: Iterable[str | Path | None]) -> Iterator[str]:
    """The contents of the files of secrets that the settings name; one that cannot be read is left out."""
    for file in files:
        if file is not None:
            try:
                with Path(file).open(encoding="utf-8", errors="replace") as read:
                    yield read.read(MOST_BYTES).strip()
            except OSError:
                continue


def stored_secrets(unit: Unit, table: type[StoredSettingMixin], names: Iterable[str], box: SecretBox) -> Iterator[str]:
    """The secrets that are stored under these names; one that cannot be decrypted is left out."""
    for name in names:
        try:
            yield read_secret(unit, table, name, box)
        except AppError:
            continue
