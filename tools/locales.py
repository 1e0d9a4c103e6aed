"""Brings the catalogues of the consoles up to date: `python -m tools.locales` adds what is new and drops what is gone.

A message without a translation stays in the file with an empty text; a test says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from tools.templates import templates_of

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("serverkit/web", "satellite/ui", "central/ui")
TEMPLATES = {"serverkit/web": ("exchange", "serverkit"), "satellite/ui": ("satellite",), "central/ui": ("central",)}
"""Whose refusals, alerts and causes the catalogue `de-templates.po` of a package translates."""
LANGUAGES = ("de",)
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext.babel_extract")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {"_": None, "ngettext": (1, 2), "Text": (1, 2)}


def main() -> None:
    """Bring every catalogue up to date, and say what has no translation."""
    for package in PACKAGES:
        for language in LANGUAGES:
            folder = ROOT / package / "locales"
            words, said = folder / f"{language}.po", folder / f"{language}-templates.po"
            made = {words: updated(ROOT / package, words, language)}
            if package in TEMPLATES:
                made[said] = updated_templates(package, said, language)
            for file, catalogue in made.items():
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
    return _filled(messages_of(folder), file, language)


def updated_templates(package: str, file: Path, language: str) -> Catalog:
    """The templates of refusals, alerts and causes that the pages of a package show, with the translations that there are."""
    return _filled((one for root in TEMPLATES[package] for one in templates_of(root)), file, language)


def _filled(messages: Iterable[str | tuple[str, str]], file: Path, language: str) -> Catalog:
    known = read(file, language)
    made = Catalog(locale=language)
    for message in messages:
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
