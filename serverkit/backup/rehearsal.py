"""Rehearsal of a restore: a backup is unpacked into a scratch folder, migrated and verified there; the home stays as it is.

Nothing of the settings in the backup is used: they could name the real anchor, or a database that is in use.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from serverkit.backup.service import Product, unpacked
from serverkit.db import migrate
from serverkit.db.engine import make_engine
from serverkit.errors import AppError

Verify: TypeAlias = Callable[[Path], list[str]]
"""What is wrong with the server of a folder, each as a sentence; nothing is, where it is empty."""


def rehearse_restore(product: Product, home: Path, file: Path, passphrase: bytes, verify: Verify) -> dict[str, Any]:
    """Restore into a scratch folder of the home and verify what is there.

    `sound` is whether a restore would give a server that works; `findings` say what stands against it. `rows` are those of
    each table before and after the migration to this version. What cannot be unpacked is refused as by a restore.
    """
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
                findings = verify(folder)
            except AppError as error:
                findings = [f"{error.code}: {error.message}"]
            finally:
                engine.dispose()
        total = sum(int(row["after"] or 0) for row in moved["rows"])
        return {**facts, "path": str(file), "sound": not findings, "findings": findings, **moved, "row_total": total}
