"""The golden files of the format, as the tests ask for them; knows nothing of the programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
VERSIONS = ("v1",)


@dataclass(frozen=True)
class Golden:
    """One question of the index: a file, what its reader is given, and what it has to answer."""

    kind: str
    version: str
    name: str
    file: str
    done: str
    expected: str
    context: dict[str, Any]
    contents: dict[str, Any] | None

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return (FOLDER / self.kind / self.version / self.file).read_bytes()

    @property
    def good(self) -> bool:
        """Whether the file is to be read."""
        return self.expected == "ok"

    def __str__(self) -> str:
        return f"{self.kind}/{self.version}/{self.name}"


def load() -> list[Golden]:
    """Every question of every index."""
    found = []
    for path in sorted(FOLDER.glob("*/v*/index.json")):
        index = json.loads(path.read_text("utf-8"))
        for entry in index["vectors"]:
            found.append(
                Golden(
                    kind=index["kind"],
                    version=path.parent.name,
                    name=entry["name"],
                    file=entry["file"],
                    done=entry["done"],
                    expected=entry["expected"],
                    context=entry["context"],
                    contents=entry.get("contents"),
                )
            )
    return found


def root_file(context: dict[str, Any]) -> bytes:
    """The root file that a context names."""
    return (FOLDER / str(context["root"])).read_bytes()
