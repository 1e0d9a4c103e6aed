"""Events of central in the language of the page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from central.domain.event_log.event_kinds import EventKind
from central.sync import site_events
from central.ui.event_words import SENTENCES, said
from central.ui.jobs import RESULTS
from serverkit.web.site_events import SITE_SENTENCES
from serverkit.web.texts import Text, speaking, use_locales

use_locales("central.ui")
CENTRAL = Path(__file__).resolve().parents[4] / "central"
CARRIED = {EventKind.SATELLITE_EVENT, *site_events.CARRIED.values()}
PLACES = {
    "units": "2 of SW-48",
    "more_units": "1 of Aa, 3 of Bb",
    "accounts": "1 account",
    "entitlements": "2 entitlements",
    "grants": "1 grant",
    "instances": "2 product instances",
    "licences": "1 licence",
    "lots": "2 lots",
    "products": "1 product",
    "rows": "2 rows",
    "satellites": "1 satellite",
    "upgrades": "2 upgrades",
    "count": "2",
    "number": "2",
}
SHOWN = {
    ("licences:transferred", "3 of A, B transferred from Site to <b>"): "3 von A, B von Site nach <b> übertragen",
    (
        "licences:tagged",
        "tags x, y set on 1 licence and 2 lots of Site",
    ): "Tags x, y gesetzt auf 1 Lizenz und 2 Posten von Site",
    ("satellite:synchronized_by_file", "satellite North synchronized by file (1 row)"): (
        "Satellit North per Datei synchronisiert (1 Zeile)"
    ),
    ("export:failed", "sw in Core: 1 of HSEC not granted: The device is not known to central."): (
        "sw in Core: 1 von HSEC nicht gewährt: Das Gerät ist der Zentrale nicht bekannt."
    ),
    ("licences:added", "something that an older version said"): "something that an older version said",
    ("unknown:kind", "said by a newer version"): "said by a newer version",
}


def _german(kind: str, message: str, **subject: str) -> str:
    with speaking("de"):
        return str(said({"kind": kind, "message": message, "subject": subject}))


@pytest.mark.row("C12.4")
@pytest.mark.row("C12.6")
def test_an_event_is_said_in_the_language_of_the_page_and_names_stay_as_they_are() -> None:
    """In English each reads as it was written; what is not known is shown as it is."""
    for (kind, message), german in SHOWN.items():
        assert str(said({"kind": kind, "message": message, "subject": {}})) == message
        assert _german(kind, message) == german


@pytest.mark.row("C12.4")
def test_what_a_satellite_sent_is_said_in_the_language_of_the_page_with_the_name_of_the_satellite() -> None:
    """The kind that the satellite gave the event tells its sentence."""
    message = "sw-1 in Campus requested 2 of A; 1 of B free again (satellite North (old))"
    for kind in ("instance:requested_licences_via_satellite", "satellite:event"):
        found = _german(kind, message, event="instance:requested_licences")
        assert found == "sw-1 in Campus fordert 2 von A an; 1 von B wieder frei (Satellit North (old))"
    assert _german("satellite:event", message, event="a:newer_kind") == message


@pytest.mark.row("C12.4")
def test_every_kind_of_event_has_its_sentences_and_every_sentence_is_recognised() -> None:
    """Each sentence, filled with names, is found by its own kind, and reads otherwise in German."""
    assert set(EventKind) == set(SENTENCES) | CARRIED | (set(EventKind) & set(SITE_SENTENCES))
    for kind, sentences in SENTENCES.items():
        for sentence in sentences:
            message = re.sub(r"\{(\w+)\}", lambda place: PLACES.get(place[1], "Xx"), sentence.message)
            found = said({"kind": str(kind), "message": message, "subject": {}})
            assert isinstance(found, Text), message
            assert str(found) == message
            assert _german(str(kind), message) != message


@pytest.mark.repository_rule
def test_every_message_that_central_writes_is_one_of_the_sentences() -> None:
    """Read from the sources: each message that stands where an event is recorded, or in the same function."""
    written = list(_messages())
    unknown = [
        (kinds, ways)
        for kinds, ways in written
        if not any(
            isinstance(said({"kind": kind, "message": way, "subject": {}}), Text) for kind in kinds for way in ways
        )
    ]

    assert len(written) > 60
    assert unknown == []


@pytest.mark.row("C10.3")
def test_results_of_jobs_are_said_in_the_language_of_the_page() -> None:
    """Numbers with their nouns, one and many."""
    with speaking("de"):
        assert str(RESULTS.find("alerts", "1 account refreshed")) == "1 Konto aktualisiert"
        done = "0 satellites removed, 1 product instance changed, 2 accounts refreshed"
        assert (
            str(RESULTS.find("deadlines", done))
            == "0 Satelliten entfernt, 1 Produktinstanz geändert, 2 Konten aktualisiert"
        )
        assert (
            str(RESULTS.find("terms", "1 lot expired, 2 grants ended"))
            == "1 Posten abgelaufen, 2 Bewilligungen beendet"
        )


def _messages() -> Iterator[tuple[list[str], list[str]]]:
    for file in CENTRAL.rglob("*.py"):
        if "event_log" in file.parts or "ui" in file.parts:
            continue
        for function in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                yield from _of_function(function)


def _of_function(function: ast.FunctionDef) -> Iterator[tuple[list[str], list[str]]]:
    named = [
        EventKind[one.attr].value
        for one in ast.walk(function)
        if isinstance(one, ast.Attribute) and one.attr in EventKind.__members__
    ]
    assigned = [
        one.value
        for one in ast.walk(function)
        if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "") == "message"
    ]
    for call in ast.walk(function):
        name = getattr(getattr(call, "func", None), "id", "")
        if (
            not isinstance(call, ast.Call)
            or name not in {"record", "say", "_say", "NewEvent"}
            or not named
            or set(named) & CARRIED
        ):
            continue
        texts = [one for one in call.args if isinstance(one, ast.JoinedStr)]
        texts += [one for one in call.args if isinstance(one, ast.Constant) and " " in str(one.value)]
        if any(getattr(one, "id", "") == "message" for one in call.args):
            texts += [one for one in assigned if isinstance(one, ast.JoinedStr)]
        for one in texts:
            yield named, list(_samples(one))


_FILLED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("units", "units_of", "units_text"), ("2 of Zz",)),
    **dict.fromkeys(("named_terms", "held"), ("2 of Zz (2 perpetual)",)),
    **dict.fromkeys(("quantity", "number", "version", "epoch", "left", "days", "needed"), ("2",)),
    "freed_text": ("; 2 of Zz free again",),
    "how": ("removed", "checked", "its licences were released"),
    "message": ("Xx registered over the network and gave its reserved licences up", "Xx requested 2 of Zz"),
    "outcome": ("confirmed",),
    "len": ("2",),
    "placed_name": ("Xx in Yy",),
    "standbys": ("",),
    "text": ("", "requested 2 of Zz", "at most 2 of Zz"),
    "verb": ("transferred",),
    "way": ("file",),
    "who": ("as Xx",),
    "word": ("raised", "restricted"),
}


def _samples(node: ast.expr) -> Iterator[str]:
    """A message with its places filled in each of the ways in which they may be."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield from ("".join(parts) for parts in product(*(_ways(one) for one in node.values)))


def _ways(one: ast.expr) -> tuple[str, ...]:
    if isinstance(one, ast.Constant):
        return (str(one.value),)
    of = one.value if isinstance(one, ast.FormattedValue) else one
    if isinstance(of, ast.IfExp):
        return ("", *(str(way.value) for way in (of.body, of.orelse) if isinstance(way, ast.Constant)))
    name = getattr(of.func, "id", "") if isinstance(of, ast.Call) else getattr(of, "id", getattr(of, "attr", ""))
    if name == "quantity" and isinstance(of, ast.Call) and len(of.args) > 1:
        return (f"2 {ast.literal_eval(of.args[1])}s",)
    return _FILLED.get(name, ("Xx",))
