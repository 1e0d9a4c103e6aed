"""Rehearsal and preview of a restore: a backup is unpacked into a scratch folder and migrated there; the home stays as it is.

Nothing of the settings in the backup is used: they could name the real anchor, or a database that is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from serverkit.backup.service import Product, unpacked
from serverkit.db import migrate
from serverkit.db.engine import make_engine
from serverkit.errors import AppError

Verify: TypeAlias = Callable[[Path], list[str]]
"""What is wrong with the server of a folder, each as a sentence; nothing is, where it is empty."""
Identify: TypeAlias = Callable[[Path], Mapping[str, str]]
"""Which server a folder holds: `name` and `id`."""


@contextmanager
def _migrated(
    product: Product, home: Path, file: Path, passphrase: bytes, look: Callable[[Path], list[str]]
) -> Iterator[dict[str, Any]]:
    """The facts of a backup with the rows before and after the migration, and what a look into the folder finds."""
    with unpacked(product, file, passphrase, home) as (folder, facts):
        moved: dict[str, Any] = {"before": facts["revision"], "now": facts["revision"], "rows": []}
        findings: list[str] = []
        if facts["database"] == "embedded":
            engine = make_engine(folder / product.database)
            try:
                counts = migrate.row_counts(engine)
                migrate.upgrade(engine, product.migrations)
                moved = {
                    "before": facts["revision"],
                    "now": migrate.current(engine),
                    "rows": migrate.compared(counts, migrate.row_counts(engine)),
                }
                engine.dispose()
                findings = look(folder)
            except AppError as error:
                findings = [f"{error.code}: {error.message}"]
            finally:
                engine.dispose()
        total = sum(int(row["after"] or 0) for row in moved["rows"])
        yield {**facts, "path": str(file), "sound": not findings, "findings": findings, **moved, "row_total": total}


def rehearse_restore(product: Product, home: Path, file: Path, passphrase: bytes, verify: Verify) -> dict[str, Any]:
    """Restore into a scratch folder of the home and verify what is there.

    `sound` is whether a restore would give a server that works; `findings` say what stands against it. `rows` are those of
    each table before and after the migration to this version. What cannot be unpacked is refused as by a restore.
    """
    with _migrated(product, home, file, passphrase, verify) as found:
        return found


def preview_restore(
    product: Product,
    home: Path,
    file: Path,
    passphrase: bytes,
    identify: Identify,
    present: Mapping[str, int] | None = None,
    owner: str = "",
) -> dict[str, Any]:
    """Tell what a backup holds and what a restore would change; `present` are the rows of this home's tables now.

    `server` is the server of the backup, `same_server` whether it is the one of this home (`owner`), None where nothing is
    here. `changes` are the tables whose number of rows would change, with the rows now and then.
    """
    server: dict[str, str] = {}

    def look(folder: Path) -> list[str]:
        server.update(identify(folder))
        return []

    with _migrated(product, home, file, passphrase, look) as found:
        changes = [
            {"table": row["table"], "now": present.get(row["table"]), "then": row["after"]}
            for row in found["rows"]
            if present is not None and present.get(row["table"]) != row["after"]
        ]
        return {
            **{name: value for name, value in found.items() if name != "rows"},
            "size": file.stat().st_size,
            "server": server or None,
            "same_server": server["id"] == owner if server and owner else None,
            "migrates": found["before"] != found["now"],
            "changes": changes,
        }
