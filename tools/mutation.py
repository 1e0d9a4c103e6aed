"""Mutation tests: remove one defence at a time in a copy of the tree, and check that its tests fail.

python -m tools.mutation [NAME ...]     run the mutations whose name contains one of the words, or all
python -m tools.mutation --list         show the list
python -m tools.mutation --table        write the table of docs/developer/defences.md

Each entry of tools/mutations/*.toml names a defence, the one place in a file that makes it (`old`), what is there
when it is out (`new`), and the tests that must turn red. Each test runs untouched first: red means nothing otherwise.
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
LISTS = ROOT / "tools" / "mutations"
PAGE = ROOT / "docs" / "developer" / "defences.md"
BEGIN, END = "<!-- written by `python -m tools.mutation --table` -->", "<!-- end -->"
TIMEOUT_SECONDS = 600
NONE_CHOSEN = 5


@dataclass(frozen=True, slots=True)
class Mutation:
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


def mutations() -> list[Mutation]:
    """Every entry of every list, in the order of the files."""
    return [
        Mutation(entry["name"], entry["why"], entry["file"], entry["old"], entry.get("new", ""), tuple(entry["tests"]))
        for path in sorted(LISTS.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]
    ]


def table() -> str:
    """The table of the page."""
    lines = ["| Defence | Without it | Code | Red without it |", "|---|---|---|---|"]
    for one in mutations():
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


def _run(tree: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Run tests on the embedded database; those that are for the other one alone run there."""
    code, said = _pytest(tree, (*tests, "-k", "not postgresql"))
    if code == NONE_CHOSEN:
        code, said = _pytest(tree, tests)
    if code not in {0, 1}:
        print(said[-2000:])
    return code, said


def _pytest(tree: Path, words: tuple[str, ...]) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", *words]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return 1, "FAILED: it did not end in time"
    return done.returncode, done.stdout.decode()


def _verdict(tree: Path, one: Mutation, sound: set[str]) -> tuple[str, list[str]]:
    """What became of one, and how its tests failed; `sound` are the tests that were seen to pass untouched."""
    unseen = tuple(sorted(set(one.tests) - sound))
    if unseen:
        code, said = _run(tree, unseen)
        if code:
            return "untouched", _failures(said)
        sound.update(unseen)
    path = tree / one.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(one.old, one.new), encoding="utf-8")
    try:
        # Each test by itself: one that is red must not hide another that does not notice.
        runs = [_run(tree, (test,)) for test in one.tests]
    finally:
        path.write_text(text, encoding="utf-8")
    codes = {code for code, _ in runs}
    word = "red" if codes == {1} else "GREEN" if 0 in codes else f"broken {sorted(codes)}"
    return word, [line for _, said in runs for line in _failures(said)]


def _failures(said: str) -> list[str]:
    """How tests failed, for a person to see that it was for the right reason."""
    return [f"             {line[:300]}" for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]


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
    chosen = [one for one in mutations() if not words.names or any(word in one.name for word in words.names)]
    if words.list:
        for one in chosen:
            print(f"{one.name}  ({one.file})")
        return
    faults = [fault for one in chosen for fault in one.faults()]
    if faults:
        sys.exit("\n".join(faults))
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        tree = Path(folder)
        _copy(tree)
        sound: set[str] = set()
        verdicts = []
        for one in chosen:
            verdict, failures = _verdict(tree, one, sound)
            verdicts.append(verdict)
            print("\n".join([f"{verdict:12} {one.name}", *failures]), flush=True)
    sys.exit(0 if all(verdict == "red" for verdict in verdicts) else 1)


if __name__ == "__main__":
    main()
