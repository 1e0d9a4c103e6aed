"""`exchange inspect` of the codes that people carry: what each is, and what no one has checked (rows E4, S4.5)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def look(*words: str) -> tuple[int, dict[str, Any]]:
    """What the command says."""
    command = [sys.executable, "-m", "exchange", *words, "--json", "--at", "2026-11-24T12:00:00Z"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.row("E4", "S4.5")
def test_an_authorization_code_is_told_and_checked_against_the_root() -> None:
    """With the root it is valid, without it the signature is not checked; a changed one is refused with its code."""
    folder = VECTORS / "authorization-code" / "v1"
    root = str(VECTORS / "root" / "v1" / "first.json")
    good = look("inspect", str(folder / "plain.xml"), "--root", root)
    blind = look("inspect", str(folder / "plain.xml"))
    changed = look("verify", str(folder / "readable-quantity.xml"), "--root", root)

    assert (good[0], good[1]["kind"], good[1]["valid"], good[1]["problems"]) == (0, "authorization-code", True, [])
    assert [line["quantity"] for line in good[1]["contents"]["lines"]] == [3, 1]
    assert (blind[0], blind[1]["valid"], blind[1]["problems"]) == (0, False, ["signature_not_checked"])
    assert (changed[0], changed[1]["error"]["code"], changed[1]["contents"].get("lines")) == (1, "altered", None)


@pytest.mark.row("E4", "S4.5")
@pytest.mark.parametrize(("kind", "said"), [("request-code", {"pid": "PX-9000", "serial": "PX9K000001", "maker": "own"}), ("confirmation-code", {"maker": "own"}), ("return-code", {"maker": "own"})])  # fmt: skip
def test_a_typed_code_is_told_without_showing_the_secret_in_it(kind: str, said: dict[str, str]) -> None:
    """Its kind and what it says; that no signature is behind it; a mistyped one is refused."""
    folder = VECTORS / kind / "v1"
    code, found = look("inspect", str(folder / "plain.txt"))
    wrong = next(entry["file"] for entry in json.loads((folder / "index.json").read_text())["vectors"] if entry["expected"] == "altered")  # fmt: skip
    bad = look("inspect", str(folder / wrong))

    assert (code, found["kind"], found["valid"]) == (0, kind, False)
    assert {**found["contents"], "unchecked": None} == {**said, "unchecked": None}
    assert "signature" in found["contents"]["unchecked"]
    assert (bad[0], bad[1]["error"]["code"]) == (1, "altered")


@pytest.mark.row("E4")
@pytest.mark.parametrize(
    ("file", "hint"),
    [("authorization-code/v1/plain.xml", "--root"), ("sync-request/v1/{}", "--authorization"), ("return-code/v1/plain.txt", "bears no signature")],
)  # fmt: skip
def test_a_person_is_told_how_to_check_what_was_not_checked(file: str, hint: str) -> None:
    """The text names the option that is missing, or says that nothing can be checked here; no code stands alone."""
    folder = VECTORS / "sync-request" / "v1"
    good = next(entry["file"] for entry in json.loads((folder / "index.json").read_text())["vectors"] if entry["expected"] == "ok")  # fmt: skip
    command = [sys.executable, "-m", "exchange", "inspect", str(VECTORS / file.format(good)), "--at", "2026-11-24T12:00:00Z"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert hint in done.stdout.splitlines()[-1]
