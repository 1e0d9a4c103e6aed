"""Words that only insiders know, or that technical English left behind, stand nowhere that a reader looks.

The lists are short on purpose: each entry has a plain word beside it, and no sound use in this project.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("exchange", "serverkit", "central", "satellite", "agent", "demo", "docs", "tests", "tools")
# Golden files never change, and their generator with them; data of others says what it says.
LEFT_OUT = ("tests/vectors/", "tools/vectors/", "demo/data/", "tests/meta/test_language.py", "/vendor/")
TEXTS = {".py", ".md", ".html", ".po", ".toml"}

# What not to write in any text, and what to write instead.
PHRASES = {
    r"whoever": "anyone who",
    r"whosoever|whomever": "anyone who",
    r"puts? back|putting back": "restore",
    r"leapt|leaped": "jumped",
    r"mended|mends": "repaired, resolved",
    r"so long as": "while",
    r"of (its|their|his|her) own accord": "by itself",
    r"hitherto|heretofore": "so far",
    r"br(ing|ings|ought|inging) about|com(e|es|ing) about": "cause, occur",
    r"befell|befalls?|befallen": "happened to",
    r"stands? (once|twice)": "occurs once, twice",
    r"for ever": "permanently",
    r"lived through": "passed, confirmed",
    r"word of (a|the|one) (site|satellite|device)": "report",
    r"whilst|amongst|lest|unto|whence|thereof|therein|wherein|whereupon|forthwith|aught|naught": "plain English",
    r"for every eye": "for every user",
    r"house tests?|rules of the house": "repository rules",
    r"knock-?outs?": "mutation test",
    r"chassis[./_]\w+": "serverkit",  # the package's former name; the word itself is a part of a device
    r"device desk|desk of devices": "request processor",
    r"short way|long way": "fast path, full path",
    r"roomy": "comfortable",
    r"wedged?": "stuck",
    r"bring the database to the form": "migrate the database",
}
# What no module, class, function, argument or variable is called.
NAMES = {
    "chassis": "serverkit",
    "desk": "request processor",
    "enrolling": "registrations",
    "gathering": "batcher",
    "happening": "event",
    "haste": "fast path",
    "courier": "carrier of files, or what is lost and repeated",
    "hitherto": "so far",
    "knockout": "mutation",
    "leapt": "jumped",
    "leaps": "jumps",
    "mended": "resolved",
    "roomy": "comfortable",
    "scene": "world",
    "slips": "mistakes",
    "twins": "same hardware",
    "whoever": "the actor",
}
ANY_NAME = re.compile("|".join(NAMES), re.IGNORECASE)
GAP = r"(?:[ \t]+|[ \t]*\n[ \t#]*)"  # a blank, or a line break with the next line's indent
ODD = re.compile(r"(?<![\w-])(" + "|".join(PHRASES).replace(" ", GAP) + r")(?![\w-])", re.IGNORECASE)


def files() -> Iterator[tuple[str, Path]]:
    """Every text of this repository that people read."""
    places = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*"))]
    for path in [*sorted(ROOT.glob("*.md")), *places]:
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in TEXTS and not any(part in name for part in LEFT_OUT):
            yield name, path


def odd_words(text: str) -> Iterator[tuple[int, str]]:
    """Line and words of each phrase on the list, also where a line break stands inside it."""
    for found in ODD.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[0]


def words_of(name: str) -> list[str]:
    """The words of a name, in either of the two ways to join them."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def names_given(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every name that a module gives; names of other people's code are only used."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


@pytest.mark.repository_rule
def test_no_text_has_a_word_that_a_reader_from_the_field_stops_at() -> None:
    """Messages, docstrings, comments, pages and documents keep to plain technical English."""
    assert [
        f"{name}:{line}: {words}" for name, path in files() for line, words in odd_words(path.read_text("utf-8"))
    ] == []


@pytest.mark.repository_rule
def test_no_name_in_the_code_is_a_private_word() -> None:
    """A file, class, function, argument or variable has a name of the field."""
    wrong = [f"{name}: its own name" for name, path in files() if set(words_of(path.stem)) & set(NAMES)]
    for name, path in files():
        text = path.read_text("utf-8") if path.suffix == ".py" else ""
        if ANY_NAME.search(text):  # most modules have none of these letters, and need not be parsed
            given = names_given(ast.parse(text))
            wrong += [f"{name}:{line}: {each}" for line, each in given if set(words_of(each)) & set(NAMES)]

    assert wrong == []


@pytest.mark.repository_rule
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A clock that leapt.", ["leapt"]),
        ("Nothing comes\n    # about here.", ["comes about"]),
        ("Whoever reads this", ["Whoever"]),
        ("A renewed lesson on amidships: input backlog, unless it lasts", []),
        ("see `put-back` and reputs back", []),
    ],
)
def test_the_rule_finds_words_and_no_parts_of_words(text: str, found: list[str]) -> None:
    """A phrase is found across a line break; a word that only contains one is not."""
    assert [re.sub(r"[\s#]+", " ", words) for _, words in odd_words(text)] == found
    assert set(words_of("test_a_ClockThatLEAPT_up")) & set(NAMES) == {"leapt"}
