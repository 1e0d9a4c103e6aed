"""What files, their names and devices say is printed as text: nothing in it moves the cursor of the person who reads it."""

from __future__ import annotations

import json

import pytest

import agent.cli
import central.cli
import exchange.__main__ as reader
from tests.world import ACCOUNT, World

HOSTILE = "\x1b[2J\x1b[1;31mcode\x9b5m\u202e.txt"


@pytest.mark.row("C6.6")
@pytest.mark.parametrize("as_json", [False, True])
def test_no_program_prints_a_control_of_a_files_name(
    vendor: World, capfd: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    """A folder of codes at central, a folder of captures at the agent, a file at the reader; as text and as JSON."""
    folder = vendor.folder / "codes"
    folder.mkdir()
    (folder / HOSTILE).write_text("PID: \x1b[2J\x9b5m SN: 1\n")
    form = ["--json"] if as_json else []
    reserve = ["reservation", "create", ACCOUNT, "--virtual-account", "Spare", "--licence", "ADVANTAGE=1"]
    calls = (
        (central.cli.main, ["--home", str(vendor.folder / "central"), *reserve, "--codes", str(folder), "--output", vendor.file("out")]),
        (central.cli.main, ["--home", str(vendor.folder / "central"), "order", "import", ACCOUNT, str(folder / HOSTILE)]),
        (agent.cli.main, ["fleet", "inventory", str(folder), "--output", vendor.file("fleet.json")]),
        (agent.cli.main, ["--home", vendor.file("device"), "reserve", "install", str(folder / f"no {HOSTILE}")]),
        (reader.main, ["inspect", str(folder / HOSTILE)]),
    )  # fmt: skip
    shown = []
    for main, words in calls:
        capfd.readouterr()
        with pytest.raises(SystemExit):
            main([*words, *form])
        shown.append("".join(capfd.readouterr()))

    assert all(shown)
    assert [text for text in shown if not text.replace("\n", "").isprintable()] == []
    if as_json:
        assert json.loads(shown[0])["items"][0]["file"] == HOSTILE
