"""`python -m tests.bench`: measure, print a table, write `build/bench.json`. Never part of the tests: speed is not a claim."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import tests.bench
from tests.bench.figures import Figure, Part, machine

REPORT = Path("build") / "bench.json"


def parts() -> list[Part]:
    """Every part: the list `PARTS` of each module `part_*` of this folder, by the modules' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(tests.bench.__path__))
    modules = [importlib.import_module(f"tests.bench.{name}") for name in names if name.startswith("part_")]
    return [part for module in modules for part in module.PARTS]


def main() -> int:
    """Measure what is asked for; figures of other parts that an earlier run left in the report are kept."""
    known = {part.name: part for part in parts()}
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(known), help="measure this part alone; repeatable")
    parser.add_argument("--output", type=Path, default=REPORT)
    choice = parser.parse_args()
    report = _earlier(choice.output) if choice.only else {}
    for name in choice.only or known:
        part = known[name]
        sys.stdout.write(f"\n{part.name}: {part.about}\n")
        folder = Path(tempfile.mkdtemp(prefix="bench-"))
        try:
            report[name] = [_shown(figure) for figure in part.measure(folder)]
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _write(choice.output, report)
    return 0


def _shown(figure: Figure) -> dict[str, object]:
    spread = " ".join(f"{run:.3g}" for run in sorted(figure.runs))
    sys.stdout.write(f"  {figure.name:<58} {figure.value:>12,.3f} {figure.unit:<12} {figure.data}  [{spread}]\n")
    sys.stdout.flush()
    return figure.to_dict()


def _earlier(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    found: dict[str, object] = json.loads(path.read_bytes())["parts"]
    return found


def _write(path: Path, report: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "parts": report}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
