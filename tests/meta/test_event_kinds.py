"""The manual lists every kind of event with the servers that write it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from central.domain.event_log.event_kinds import EventKind as OfCentral
from satellite.core.event_log.event_kinds import EventKind as OfSatellite

ROOT = Path(__file__).resolve().parents[2]
SIDES = {"central": OfCentral, "satellite": OfSatellite}


@pytest.mark.repository_rule
def test_the_manual_lists_every_kind_of_event_and_who_writes_it() -> None:
    """None is missing, none is invented, each occurs once."""
    page = (ROOT / "docs" / "admin" / "events.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+:\w+)` \| ([\w, ]+) \|", page, flags=re.MULTILINE)
    listed = {(side, kind) for kind, by in rows for side in by.split(", ")}

    assert listed == {(side, kind.value) for side, kinds in SIDES.items() for kind in kinds}
    assert len(rows) == len({kind for kind, _ in rows})


@pytest.mark.repository_rule
@pytest.mark.parametrize("side", SIDES)
def test_every_kind_of_event_is_written_somewhere(side: str) -> None:
    """A kind that no code writes is not an event."""
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / side).rglob("*.py")
        if not path.as_posix().endswith("event_log/event_kinds.py")
    )
    unwritten = [kind.name for kind in SIDES[side] if not re.search(rf"EventKind\.{kind.name}\b", text)]

    assert unwritten == []
