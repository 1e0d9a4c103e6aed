"""What a console carries with it: files of other projects, words in two languages, the help."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from serverkit.web.assets import catalogue
from serverkit.web.help_pages import help_folder, rendered
from serverkit.web.texts import Text, _, ngettext, pseudo, speaking
from tools.locales import PACKAGES, ROOT, TEMPLATES, read, untranslated, updated, updated_templates

STATIC = ROOT / "serverkit" / "web" / "static"
FOLDERS = (STATIC / "vendor", ROOT / "tests" / "browser" / "vendor")


@pytest.mark.repository_rule
@pytest.mark.parametrize("folder", FOLDERS, ids=("shipped", "tested with"))
def test_files_of_other_projects_are_those_of_the_manifest(folder: Path) -> None:
    """Each has its package, version, licence text and digest; nothing else lies there; htmx stays at its version."""
    listed = json.loads((folder / "manifest.json").read_text("utf-8"))
    names = {one["file"] for one in listed} | {one["licence_file"] for one in listed} | {"manifest.json"}
    locked = json.loads((ROOT / "tools" / "web_assets" / "package-lock.json").read_text("utf-8"))["packages"]

    assert {file.name for file in folder.iterdir()} == names
    for one in listed:
        assert hashlib.sha256((folder / one["file"]).read_bytes()).hexdigest() == one["sha256"], one["file"]
        lock = locked[f"node_modules/{one['package']}"]
        assert (one["version"], one["integrity"]) == (lock["version"], lock["integrity"])
        assert "resolved" not in lock
        assert one["package"] != "htmx.org" or one["version"] == "2.0.11"


@pytest.mark.row("S3.1")
def test_no_file_of_a_console_names_another_host() -> None:
    """Nothing is loaded from elsewhere: addresses are in comments and namespaces only; the own script is small."""
    for name, (_mark, data) in catalogue().items():
        text = re.sub(r"/\*.*?\*/", "", data.decode(), flags=re.DOTALL)
        if name.endswith(".css"):
            assert "@import" not in text, name
            assert set(re.findall(r"url\(['\"]?(https?:[^)]*)", text)) == set(), name
    assert len(catalogue()["perigee.js"][1]) < 16_000


@pytest.mark.repository_rule
def test_colours_stand_in_one_place() -> None:
    """Only the tokens name colours, so that a theme changes all of them; contrast is computed there."""
    text = (STATIC / "perigee.css").read_text("utf-8")

    assert re.findall(r"#[0-9A-Fa-f]{6}\b", text) == []


@pytest.mark.row("S3.1")
def test_every_pair_of_colours_can_be_read() -> None:
    """Text on its ground has a contrast of 4.5 or more in both themes, edges and the focus 3 or more."""
    text = (STATIC / "tokens.css").read_text("utf-8")
    blocks = re.findall(r'(:root|:root\[data-theme="dark"\]) \{(.*?)\n\}', text, re.DOTALL)
    for block in (dict(re.findall(r"--([a-z0-9-]+): (#[0-9A-F]{6})", body)) for _name, body in blocks[:2]):
        for ground in ("bg", "surface", "sunken"):
            for ink in ("ink", "ink2", "accent", "major", "minor", "info", "good"):
                assert contrast(block[ink], block[ground]) >= 4.5, (ink, ground)
            for edge in ("edge", "focus"):
                assert contrast(block[edge], block[ground]) >= 3, (edge, ground)
        for tone in ("major", "minor", "info", "good"):
            assert contrast(block[tone], block[f"{tone}-bg"]) >= 4.5, tone
        assert contrast(block["on-accent"], block["accent"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, as WCAG computes it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.row("S3.1", "C1.6")
@pytest.mark.parametrize("package", PACKAGES)
def test_kit_and_consoles_speak_german(package: str) -> None:
    """Every text has a German one with the same places; `python -m tools.locales` adds what is new."""
    folder = ROOT / package
    file = folder / "locales" / "de.po"
    catalogue_of_kit = updated(folder, file, "de")

    assert untranslated(catalogue_of_kit) == []
    for message in read(file, "de"):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        places = set(re.findall(r"{\w+}", "".join(sources)))
        if sources[0]:
            *of_one, last = (set(re.findall(r"{\w+}", text)) for text in texts)
            assert last == places, sources
            assert all(places - one <= {"{count}"} and one <= places for one in of_one), sources


@pytest.mark.row("S3.1")
@pytest.mark.parametrize("package", TEMPLATES)
def test_every_refusal_alert_and_cause_that_a_page_can_show_has_a_german_text(package: str) -> None:
    """With the same fields; `python -m tools.locales` adds what is new and drops what is gone."""
    file = ROOT / package / "locales" / "de-templates.po"

    catalogue = updated_templates(package, file, "de")

    assert untranslated(catalogue) == []
    assert {one.id for one in read(file, "de")} == {one.id for one in catalogue}
    assert len(catalogue) > 200
    for message in catalogue:
        of, in_german = (sorted(re.findall(r"{(\w+)", str(text))) for text in (message.id, message.string))
        assert of == in_german, message.id


@pytest.mark.row("S3.1")
def test_a_text_is_in_the_language_of_the_page_that_shows_it() -> None:
    """Translated when shown; plural by number; what does not fit its values hides nothing; the pseudo-locale is longer."""
    text, many = _("Search: {text}", text="<x>"), ngettext("{count} row", "{count} rows", 2)
    with speaking("de"):
        assert (str(text), text.__html__(), str(many)) == ("Suche: <x>", "Suche: &lt;x&gt;", "2 Zeilen")
    assert (str(text), str(many)) == ("Search: <x>", "2 rows")
    assert str(Text("{missing} {broken", values={"a": 1})) == "{missing} {broken"
    with speaking("x-pseudo"):
        assert str(many).startswith("[2 ")
    assert len(pseudo("Registration tokens")) >= 1.4 * len("Registration tokens")


@pytest.mark.row("S3.1")
def test_the_help_is_the_administrators_pages_with_a_place_for_each_code() -> None:
    """Links lead within the help, each code of a table has an anchor, and HTML in a page is text."""
    for file in help_folder().glob("*.md"):
        title, body = rendered(file)
        assert title
        links = re.findall(r'href="([^"]*)"', body)
        assert [one for one in links if not one.startswith(("/help", "#"))] == [], file.name
    assert '<tr id="forbidden">' in rendered(help_folder() / "errors.md")[1]


@pytest.mark.row("S3.1")
def test_the_style_sheet_says_each_thing_once() -> None:
    """No selector sets a property twice in one context, and it stays small."""
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "perigee.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    contexts = {"": re.sub(r"@(media|keyframes)[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", text)}
    contexts |= dict(re.findall(r"(@media[^{]*)\{((?:[^{}]*\{[^{}]*\})*)\s*\}", text))
    seen: dict[tuple[str, str, str], int] = {}
    for context, body in contexts.items():
        for selectors, rules in re.findall(r"([^{}]+)\{([^{}]*)\}", body):
            for selector in re.split(r",(?![^(]*\))", selectors):
                for rule in filter(None, map(str.strip, rules.split(";"))):
                    place = context, " ".join(selector.split()), rule.partition(":")[0].strip()
                    seen[place] = seen.get(place, 0) + 1

    assert len(contexts) == text.count("@media") + 1
    assert [place for place, times in seen.items() if times > 1] == []
    assert len(seen) > 500
    assert len(text) < 40_000
