"""What is printed: letters and lines stay, what moves a cursor or turns a line does not."""

from __future__ import annotations

import json

import pytest

from exchange.terminal import printed, printed_json

HOSTILE = "\x1b[2J\x07\x7f\x9b5m\u202e\u2028\udc80"


@pytest.mark.row("E2")
def test_a_text_keeps_its_letters_and_lines_and_loses_its_controls() -> None:
    """Each of them is one question mark; a text without them is printed as it is."""
    assert printed(f"a{HOSTILE}\nMünchen 漢") == "a?[2J???5m???\nMünchen 漢"
    assert printed("plain\ntext") == "plain\ntext"


@pytest.mark.row("E2")
def test_json_on_a_terminal_says_the_same_without_a_control() -> None:
    """What programs read is what was there; what is printed has a form."""
    shown = printed_json({"name": HOSTILE, "größe": 1})

    assert shown.isprintable()
    assert json.loads(shown) == {"name": HOSTILE, "größe": 1}
