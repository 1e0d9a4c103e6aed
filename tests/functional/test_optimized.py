"""Programs that Python runs with `-OO`, which drops docstrings and assertions, say the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.meta.test_docs import GENERATED

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "tests" / "vectors" / "authorization-code" / "v1" / "readable-quantity.xml"
TRUST = ROOT / "tests" / "vectors" / "root" / "v1" / "first.json"
PAGES = (
    "import json; from tests.meta.test_docs import GENERATED; print(json.dumps({n: p() for n, p in GENERATED.items()}))"
)


def python(*words: str) -> subprocess.CompletedProcess[str]:
    """What Python prints."""
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.repository_rule
def test_messages_remedies_and_help_texts_do_not_depend_on_docstrings() -> None:
    """Each message, remedy and help text of all programs is the same without docstrings."""
    without = python("-OO", "-c", PAGES)

    assert json.loads(without.stdout) == {name: made() for name, made in GENERATED.items()}, without.stderr


@pytest.mark.repository_rule
def test_a_command_that_refuses_says_the_same_without_docstrings() -> None:
    """A refused file has the same code, message, remedy and exit code."""
    words = ("-m", "exchange", "verify", str(FILE), "--root", str(TRUST), "--json", "--at", "2026-11-24T12:00:00Z")
    usual, without = python(*words), python("-OO", *words)

    assert json.loads(usual.stdout)["error"]["code"] == "altered"
    assert (without.returncode, without.stdout) == (usual.returncode, usual.stdout)
