"""Reads settings: defaults, then HOME/config.toml, then the environment; an unknown or wrong key stops the start."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from serverkit.errors import SettingsError
from serverkit.settings import ServerAppSettings
from serverkit.toml_faults import fault_of

FILE = "config.toml"
MOST_FAULTS, MOST_BYTES = 50, 1024 * 1024

S = TypeVar("S", bound=ServerAppSettings)


def load_settings(model: type[S], home: Path, prefix: str, environ: dict[str, str] | None = None) -> S:
    """Read the settings of a home; SettingsError names the key and where it stands.

    Environment names are `PREFIX_SECTION__KEY`, such as `CENTRAL_SERVER__BIND`; `PREFIX_HOME` names the home itself.
    """
    settings, faults = read_settings(model, home / FILE, prefix, environ)
    if settings is None:
        raise faults[0]
    return settings


def read_settings(
    model: type[S], path: Path, prefix: str, environ: dict[str, str] | None = None
) -> tuple[S | None, list[SettingsError]]:
    """The settings of a file and the environment, or every fault of them: those of the environment once the file has none.

    The fields of a fault are `setting`, `said`, and `line` of the file or `variable` of the environment.
    """
    given = environ if environ is not None else dict(os.environ)
    try:
        text = _text_of(path)
        values = _from_text(text, path.name)
    except SettingsError as error:
        return None, [error]
    _, faults = _validated(model, values, lambda loc: _place_in(text, path.name, loc), strict=True)
    if faults:
        return None, faults
    try:
        merged, names = _with_environment(values, prefix, given)
    except SettingsError as error:
        return None, [error]
    return _validated(model, merged, lambda loc: names.get(loc, _NOWHERE), strict=False)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a setting stands, as words and for programs."""

    words: str = ""
    line: int | None = None
    variable: str | None = None


_NOWHERE = _Place()


def _with_environment(
    values: dict[str, Any], prefix: str, environ: dict[str, str]
) -> tuple[dict[str, Any], dict[tuple[str, ...], _Place]]:
    """The values with those of the environment over them, and the names that these came by."""
    merged = {name: dict(table) if isinstance(table, dict) else table for name, table in values.items()}
    names: dict[tuple[str, ...], _Place] = {}
    for name, value in environ.items():
        if not name.startswith(prefix + "_") or name == prefix + "_HOME":
            continue
        section, separator, key = name.removeprefix(prefix + "_").lower().partition("__")
        if not separator:
            raise SettingsError(
                "{variable} in the environment is not a setting (form: {prefix}_SECTION__KEY)",
                variable=name[:120],
                prefix=prefix,
            )
        merged.setdefault(section, {})[key] = value
        names[section,] = names[section, key] = _Place(f" ({name} in the environment)", variable=name)
    return merged, names


def _validated(
    model: type[S], values: dict[str, Any], place: Callable[[tuple[str, ...]], _Place], *, strict: bool
) -> tuple[S | None, list[SettingsError]]:
    # A file says numbers as numbers; the environment has only texts.
    try:
        return model.model_validate(values, strict=strict), []
    except ValidationError as error:
        return None, [_fault(model, one, place) for one in error.errors()[:MOST_FAULTS]]


def _fault(model: type[S], found: Any, place: Callable[[tuple[str, ...]], _Place]) -> SettingsError:
    loc = tuple(str(part) for part in found["loc"])
    said = _unknown(model, loc) if found["type"] == "extra_forbidden" else found["msg"].removeprefix("Value error, ")
    if found["type"] == "model_type":
        said = "this is a section: write its name once, in brackets, above its settings"
    at = place(loc)
    return SettingsError(
        "{setting}: {said}{place}",
        setting=".".join(loc)[:120],
        said=said,
        place=at.words,
        line=at.line,
        variable=at.variable,
    )


def _unknown(model: type[BaseModel], loc: tuple[str, ...]) -> str:
    """What to say of a key that does not exist: the nearest that does, in its table first."""
    tables = {
        name: list(field.annotation.model_fields)
        for name, field in model.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }
    if len(loc) == 1:
        known = [*tables, *(f"{name}.{key}" for name, keys in tables.items() for key in keys if key == loc[0])]
    else:
        known = [f"{loc[0]}.{key}" for key in tables.get(loc[0], [])]
        known += [f"{name}.{key}" for name, keys in tables.items() for key in keys if key == loc[-1]]
    wanted = ".".join(loc)
    same = [name for name in known if name.rpartition(".")[2] == loc[-1]]
    near = same or difflib.get_close_matches(wanted, known, 1, 0.5)
    return f"there is no such setting{f'; did you mean {near[0]}?' if near else ''}"


def _place_in(text: str, name: str, loc: tuple[str, ...]) -> _Place:
    """Where a key is in the file, as far as its usual form tells."""
    line = line_of(text, loc)
    return _NOWHERE if line is None else _Place(f" ({name}, line {line})", line=line)


def line_of(text: str, loc: tuple[str, ...]) -> int | None:
    """The line of a key in the text of a file, or that of its table; None where neither has its usual form."""
    section, found = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\s*([^\]]*?)\s*\]", line)
        key = re.match(r"\s*([A-Za-z0-9_\"'.-]+)\s*=", line)
        if header:
            section = header[1].strip("\"'")
            path: tuple[str, ...] = (section,)
        elif key:
            path = tuple(part.strip("\"'") for part in (*([section] if section else []), *key[1].split(".")))
        else:
            continue
        if path == loc or (found is None and path[:1] == loc[:1]):
            found = number
            if path == loc:
                break
    return found


def _text_of(path: Path) -> str:
    try:
        data = _bytes_of(path)
    except OSError as error:
        raise SettingsError("{file} cannot be read: {reason}", file=path.name, reason=error.strerror) from error
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except ValueError as error:
        raise SettingsError(
            "{file} is {encoding_of}; save it as UTF-8", file=path.name, encoding_of=_encoding_of(data)
        ) from error


def _bytes_of(path: Path) -> bytes:
    """What is in the file; nothing where there is none. A link that leads nowhere, or to no file, is no missing file."""
    if not path.exists():
        if path.is_symlink():
            raise SettingsError("{file} is a link to a file that does not exist", file=path.name)
        return b""
    if not path.is_file():
        raise SettingsError("{file} is not a regular file", file=path.name)
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise SettingsError("{file} is larger than {most} bytes", file=path.name, most=MOST_BYTES)
    return data


def _encoding_of(data: bytes) -> str:
    start = data[:4]
    wide = start[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in start
    return "UTF-16" if wide else "no UTF-8 text"


def _from_text(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        line, said = fault_of(text, error)
        raise SettingsError("{file}, line {line}: {said}", file=name, line=line, said=said) from error


def describe_settings(
    settings: ServerAppSettings, home: Path, prefix: str, environ: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Each setting as `section.key` with its value, its source (`environment`, `file` or `default`) and the place of that.

    The place is a line of the file or the name of a variable. A value that may hold a secret is None with `hidden`. Values
    are those that this process runs with.
    """
    given = environ if environ is not None else dict(os.environ)
    text = _text_of(home / FILE)
    written = _from_text(text, FILE)
    found = []
    for section in type(settings).model_fields:
        table = getattr(settings, section)
        for key, info in type(table).model_fields.items():
            source, place = "default", ""
            if key in (written.get(section) or {}):
                source, place = "file", _place_in(text, FILE, (section, key)).words.strip(" ()")
            variable = f"{prefix}_{section}__{key}".upper()
            if any(name.upper() == variable for name in given if name.startswith(prefix + "_")):
                source, place = "environment", variable
            value = getattr(table, key)
            hidden = not info.repr and value is not None
            found.append(
                {
                    "name": f"{section}.{key}",
                    "value": None if hidden else value,
                    "hidden": hidden,
                    "source": source,
                    "place": place,
                }
            )
    return found
