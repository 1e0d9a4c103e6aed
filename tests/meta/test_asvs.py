"""The page about OWASP ASVS names places that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "developer" / "asvs.md"
CHAPTERS = range(1, 15)
STATES = {"met", "partly", "not applicable", "open"}


def rows() -> list[list[str]]:
    """The rows of the table."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


@pytest.mark.repository_rule
def test_every_place_that_the_table_of_requirements_names_exists() -> None:
    """Files and folders are there, and each test is in its file."""
    missing = []
    for place in re.findall(r"`([^`]+)`", " ".join(row[3] for row in rows())):
        path, _, test = place.partition("::")
        text = (ROOT / path).read_text("utf-8") if (ROOT / path).is_file() else ""
        if not (ROOT / path).exists() or (test and f"def {test}(" not in text):
            missing.append(place)
    assert missing == []


@pytest.mark.repository_rule
def test_the_table_of_requirements_has_every_chapter_and_known_states() -> None:
    """Fourteen chapters; each row has a state, and a reason or a place."""
    found = rows()
    assert {int(row[0].partition(".")[0]) for row in found} == set(CHAPTERS)
    assert {row[2] for row in found} <= STATES
    assert all(row[1] and row[3] for row in found)
