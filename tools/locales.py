"""Brings the catalogues of the consoles up to date: `python -m tools.locales` adds what is new and drops what is gone.

A message without a translation stays in the file with an empty text; a test says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("serverkit/web", "satellite/ui", "central/ui")
LANGUAGES = ("de",)
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext.babel_extract")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {"_": None, "ngettext": (1, 2), "Text": (1, 2)}


def main() -> None:
    """Bring every catalogue up to date, and say what has no translation."""
    for package in PACKAGES:
        for language in LANGUAGES:
            file = ROOT / package / "locales" / f"{language}.po"
            catalogue = updated(ROOT / package, file, language)
            with file.open("wb") as stream:
                write_po(stream, catalogue, width=120, omit_header=True, sort_output=True, no_location=True)
            for message in untranslated(catalogue):
                print(f"{file.relative_to(ROOT)}: {message}")


def messages_of(folder: Path) -> Iterator[str | tuple[str, str]]:
    """Every message of a package."""
    found = extract_from_dir(str(folder), METHODS, OPTIONS, keywords=KEYWORDS)
    for _file, _line, message, _comments, _context in found:
        if isinstance(message, tuple | list):
            parts = [part for part in message if part]
            if parts:
                yield (parts[0], parts[1]) if len(parts) > 1 else parts[0]
        elif message:
            yield message


def updated(folder: Path, file: Path, language: str) -> Catalog:
    """The messages of a package with the translations that there are."""
    known = read(file, language)
    made = Catalog(locale=language)
    for message in messages_of(folder):
        key = message[0] if isinstance(message, tuple) else message
        old = known.get(key)
        made.add(
            message,
            string=old.string if old is not None and isinstance(old.id, tuple) == isinstance(message, tuple) else None,
        )
    return made


def read(file: Path, language: str) -> Catalog:
    """A catalogue; an empty one where there is no file."""
    if not file.is_file():
        return Catalog(locale=language)
    with file.open("rb") as stream:
        return read_po(stream, locale=language)


def untranslated(catalogue: Catalog) -> list[str]:
    """Messages without a translation."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and not (all(message.string) if isinstance(message.string, tuple) else message.string)
    ]


if __name__ == "__main__":
    main()
