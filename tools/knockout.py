"""Take one defence out at a time, in a copy of the tree, and see that the tests named for it fail.

python -m tools.knockout [NAME ...]     knock out those whose name holds one of the words, or all
python -m tools.knockout --list         show the list
python -m tools.knockout --table        write the table of docs/developer/defences.md

Each entry of tools/knockouts/*.toml names a defence, the one place in a file that makes it (`old`), what stands there
when it is out (`new`), and the tests that must turn red. The tests run untouched first: red means nothing otherwise.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LISTS = ROOT / "tools" / "knockouts"
PAGE = ROOT / "docs" / "developer" / "defences.md"
BEGIN, END = "<!-- written by `python -m tools.knockout --table` -->", "<!-- end -->"
TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Knockout:
    """One defence and how it is taken out."""

    name: str
    why: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def faults(self) -> list[str]:
        """What is wrong with the entry itself."""
        path = ROOT / self.file
        found = path.read_text(encoding="utf-8").count(self.old) if path.exists() else 0
        faults = [] if found == 1 else [f"{self.name}: the old text stands {found} times in {self.file}"]
        if not self.tests:
            faults.append(f"{self.name}: no test is named")
        for test in self.tests:
            place, _, function = test.partition("::")
            text = (ROOT / place).read_text(encoding="utf-8") if (ROOT / place).exists() else ""
            if not re.search(rf"def {re.escape(function.partition('[')[0])}\(", text):
                faults.append(f"{self.name}: there is no test {test}")
        return faults


def knockouts() -> list[Knockout]:
    """Every entry of every list, in the order of the files."""
    return [
        Knockout(entry["name"], entry["why"], entry["file"], entry["old"], entry.get("new", ""), tuple(entry["tests"]))
        for path in sorted(LISTS.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["knockout"]
    ]


def table() -> str:
    """The table of the page."""
    lines = ["| Defence | Without it | Stands in | Red without it |", "|---|---|---|---|"]
    for one in knockouts():
        tests = "<br>".join(f"`{test.rpartition('/')[2].replace('::', '` `')}`" for test in one.tests)
        lines.append(f"| {one.name} | {one.why} | `{one.file}` | {tests} |")
    return "\n".join(lines)


def write_table() -> None:
    """Put the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


def _copy(target: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def _run(tree: Path, tests: tuple[str, ...]) -> int:
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", *tests]
    try:
        done = subprocess.run(
            words, cwd=tree, env=environment, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return 1
    if done.returncode > 1:
        print(done.stdout.decode()[-2000:])
    return done.returncode


def _knock_out(tree: Path, one: Knockout) -> str:
    path = tree / one.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(one.old, one.new), encoding="utf-8")
    try:
        code = _run(tree, one.tests)
    finally:
        path.write_text(text, encoding="utf-8")
    return {0: "GREEN", 1: "red"}.get(code, f"broken ({code})")


def main() -> None:
    """Run what was asked for; exit 1 when a defence can be taken out unseen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--table", action="store_true")
    words = parser.parse_args()
    if words.table:
        write_table()
        return
    chosen = [one for one in knockouts() if not words.names or any(word in one.name for word in words.names)]
    if words.list:
        for one in chosen:
            print(f"{one.name}  ({one.file})")
        return
    faults = [fault for one in chosen for fault in one.faults()]
    if faults:
        sys.exit("\n".join(faults))
    with tempfile.TemporaryDirectory(prefix="knockout-") as folder:
        tree = Path(folder)
        _copy(tree)
        if _run(tree, tuple(sorted({test for one in chosen for test in one.tests}))) != 0:
            sys.exit("the tests fail before anything is knocked out")
        verdicts = []
        for one in chosen:
            verdicts.append(_knock_out(tree, one))
            print(f"{verdicts[-1]:12} {one.name}", flush=True)
    sys.exit(0 if all(verdict == "red" for verdict in verdicts) else 1)


if __name__ == "__main__":
    main()
