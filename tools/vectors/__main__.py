"""`python -m tools.vectors` writes the golden files of the format; `--check` compares them with those that are there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from exchange.canonical import JsonObject
from tools.vectors import make_codes, make_devices, make_files, make_roots, make_statements, make_sync, make_tables
from tools.vectors.model import OK, Vector
from tools.vectors.openings import Opener

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "vectors"
VERSION = "v1"
INDEX = "index.json"


def vectors() -> list[Vector]:
    """Every golden file."""
    return [
        *make_tables.make(),
        *make_roots.make(),
        *make_statements.make(),
        *make_files.registrations(),
        *make_files.authorizations(),
        *make_sync.requests(),
        *make_sync.responses(),
        *make_devices.requests(),
        *make_devices.answers(),
        *make_codes.make(),
    ]


def build() -> dict[str, bytes]:
    """Every file by its path; refuses a vector that the project's own reader does not read as it says."""
    made = vectors()
    files = {f"{one.kind}/{VERSION}/{one.file}": one.data for one in made}
    opener = Opener(files.__getitem__)
    indexes: dict[str, list[JsonObject]] = {}
    wrong = []
    for one in made:
        code, contents = opener.answer(one.kind, one.data, one.context)
        if code != one.expected:
            wrong.append(f"{one.kind}/{one.name}: {code} where {one.expected} is expected")
        indexes.setdefault(one.kind, []).append(one.entry(contents if one.expected == OK else None))
    if wrong:
        raise SystemExit("\n".join(wrong))
    for kind, entries in indexes.items():
        text = json.dumps({"format": 1, "kind": kind, "vectors": entries}, ensure_ascii=False, indent=1, sort_keys=True)
        files[f"{kind}/{VERSION}/{INDEX}"] = text.encode() + b"\n"
    return files


def present() -> dict[str, bytes]:
    """What is there of this version."""
    return {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in FOLDER.glob(f"*/{VERSION}/*")
        if path.is_file()
    }


def compare(made: dict[str, bytes], there: dict[str, bytes]) -> list[str]:
    """What differs, one line each."""
    return [
        *(f"missing: {name}" for name in sorted(made.keys() - there.keys())),
        *(f"too many: {name}" for name in sorted(there.keys() - made.keys())),
        *(f"differs: {name}" for name in sorted(made.keys() & there.keys()) if made[name] != there[name]),
    ]


def write(made: dict[str, bytes]) -> None:
    """Bring the folder to what was made."""
    for name in present().keys() - made.keys():
        (FOLDER / name).unlink()
    for name, data in made.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def main(words: list[str]) -> int:
    """Write or compare; 0 when all is well."""
    if words not in ([], ["--check"]):
        print("usage: python -m tools.vectors [--check]", file=sys.stderr)
        return 2
    made = build()
    if not words:
        write(made)
        print(f"{len(made)} files")
        return 0
    found = compare(made, present())
    print("\n".join(found) if found else f"{len(made)} files are as they were")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
