"""Events in the language of the page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from satellite.core.event_log.event_kinds import EventKind
from satellite.ui.event_words import said
from serverkit.web.site_events import SITE_SENTENCES
from serverkit.web.texts import Text, speaking, use_locales

use_locales("satellite.ui")
SATELLITE = Path(__file__).resolve().parents[4] / "satellite"
SHOWN = {
    (
        "instance:added",
        "product instance sw added to x added to Campus",
    ): "Produktinstanz sw zu x added to Campus hinzugefügt",
    ("instance:requested_licences", "sw-1 in Campus requested 2 of A, B, 1 of C; 3 of D free again"): (
        "sw-1 in Campus fordert 2 von A, B, 1 von C an; 3 von D wieder frei"
    ),
    (
        "export:failed",
        "1 of HSEC not granted to sw {0} in Core: {why}",
    ): "1 von HSEC nicht an sw {0} in Core gewährt: {why}",
    ("licences:shortage_detected", "60 more of A needed in Campus."): "In Campus fehlen 60 von A.",
    ("user:created", "user <b> added as operator"): "Benutzer <b> als Betreiber hinzugefügt",
    ("user:created", "something that an older version said"): "something that an older version said",
    ("unknown:kind", "said by a newer version"): "said by a newer version",
}


@pytest.mark.row("S3.2")
def test_an_event_is_said_in_the_language_of_the_page_and_names_stay_as_they_are() -> None:
    """A name that looks like a sentence or a place in one is text; what is not known is shown as it is."""
    for (kind, message), german in SHOWN.items():
        item = {"kind": kind, "message": message}
        assert str(said(item)) == message
        with speaking("de"):
            assert str(said(item)) == german


@pytest.mark.row("S3.2")
def test_every_kind_of_event_has_its_sentences_and_every_sentence_is_recognised() -> None:
    """Each sentence, filled with names, is found by its own kind, and reads otherwise in German."""
    assert set(SITE_SENTENCES) == set(EventKind)
    for kind, sentences in SITE_SENTENCES.items():
        for sentence in sentences:
            message = sentence.message.replace("{units}", "2 of SW-48")
            message = re.sub(r"\{(count|number)\}", "2", message)
            message = re.sub(r"\{\w+\}", "Xx", message)
            with speaking("de"):
                found = said({"kind": str(kind), "message": message})
                assert isinstance(found, Text), message
                assert str(found) != message


@pytest.mark.repository_rule
def test_every_message_that_the_satellite_writes_is_one_of_the_sentences() -> None:
    """Read from the sources: each message that stands where an event of a kind is recorded."""
    written = list(_messages())
    unknown = [(kind.value, message) for kind, message in written if not isinstance(_in_german(kind, message), Text)]

    assert len(written) > 25
    assert unknown == []


def _in_german(kind: EventKind, message: str) -> object:
    return said({"kind": kind.value, "message": message})


def _messages() -> Iterator[tuple[EventKind, str]]:
    for file in SATELLITE.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            name = getattr(call, "func", None)
            if not isinstance(call, ast.Call) or getattr(name, "id", "") not in {"record", "say"}:
                continue
            kinds = [
                one.attr for one in call.args if isinstance(one, ast.Attribute) and one.attr in EventKind.__members__
            ]
            texts = [one for one in call.args if isinstance(one, ast.JoinedStr | ast.Constant)]
            if kinds and texts:
                yield EventKind[kinds[0]], _sample(texts[0])


def _sample(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    filled = {"placed_name": "Xx in Yy", "units_of": "2 of Zz", "freed_text": "; 2 of Zz free again", "how": "removed"}
    parts = []
    for one in node.values:
        if isinstance(one, ast.Constant):
            parts.append(str(one.value))
        elif isinstance(one, ast.FormattedValue):
            of = one.value.func if isinstance(one.value, ast.Call) else one.value
            parts.append(filled.get(getattr(of, "id", ""), "as Xx" if getattr(of, "id", "") == "who" else "Xx"))
    return "".join(parts)
