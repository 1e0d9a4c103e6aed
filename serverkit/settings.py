"""Settings: defaults, then HOME/config.toml, then the environment; an unknown or wrong key stops the start."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from serverkit.endpoints import EndpointError, read_host
from serverkit.errors import SettingsError
from serverkit.tls.names import plain_name
from serverkit.toml_faults import fault_of


class Section(BaseModel):
    """A table of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(Section):
    """Where the data is; without `url` an embedded database in the home folder."""

    url: str | None = Field(default=None, repr=False)
    busy_seconds: float = Field(default=30.0, gt=0, le=600)


def _bind(text: str) -> str:
    kind, _, path = text.partition(":")
    if kind == "unix" and path:
        return text
    host, colon, port = text.rpartition(":")
    if not colon:
        raise EndpointError("HOST:PORT is needed, or unix:PATH behind a proxy")
    read_host(f"{host or '127.0.0.1'}:{'1' if port == '0' else port}", None)
    return text


def absolute_path(text: str | None) -> str | None:
    """A path that means the same wherever a command is run."""
    # A path that depends on where a command is run would be missing from elsewhere: a home without its anchor.
    if text and not Path(text).is_absolute():
        raise ValueError("an absolute path is needed")
    return text


class ServerSettings(Section):
    """How the server answers."""

    bind: Annotated[str, AfterValidator(_bind)] = "127.0.0.1:8443"
    names: list[str] = Field(default=[], max_length=50)
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=32, ge=1, le=512)
    messages_at_once: int = Field(default=1000, ge=1, le=10_000)
    failures_a_minute: int = Field(default=120, ge=1, le=1_000_000)

    @field_validator("names", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        # The environment has only texts: names are told apart there by commas.
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("names")
    @classmethod
    def _plain(cls, value: list[str]) -> list[str]:
        found = [plain_name(name) for name in value]
        bad = next((name for name, plain in zip(value, found, strict=True) if plain is None), None)
        if bad is not None:
            raise ValueError(f"{bad[:80]!r} is neither a host name nor an IP address")
        return [name for name in found if name]


class LogSettings(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class AnchorSettings(Section):
    """Where the anchor is kept: outside backups, so that a restored copy is recognised."""

    folder: Annotated[str | None, AfterValidator(absolute_path)] = None


class ServerAppSettings(Section):
    """Settings of both servers."""

    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = ServerSettings()
    log: LogSettings = LogSettings()
    anchor: AnchorSettings = AnchorSettings()


S = TypeVar("S", bound=ServerAppSettings)


def load_settings(model: type[S], home: Path, prefix: str, environ: dict[str, str] | None = None) -> S:
    """Read the settings of a home; SettingsError names the key and where it stands.

    Environment names are `PREFIX_SECTION__KEY`, such as `CENTRAL_SERVER__BIND`; `PREFIX_HOME` names the home itself.
    """
    path = home / "config.toml"
    text = _text_of(path)
    values = _from_text(text)
    _validated(model, values, lambda loc: _place_in(text, loc), strict=True)
    merged, names = _with_environment(values, prefix, environ if environ is not None else dict(os.environ))
    return _validated(model, merged, lambda loc: names.get(loc, ""), strict=False)


def _with_environment(
    values: dict[str, Any], prefix: str, environ: dict[str, str]
) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    """The values with those of the environment over them, and the names that these came by."""
    merged = {name: dict(table) if isinstance(table, dict) else table for name, table in values.items()}
    names: dict[tuple[str, ...], str] = {}
    for name, value in environ.items():
        if not name.startswith(prefix + "_") or name == prefix + "_HOME":
            continue
        section, separator, key = name.removeprefix(prefix + "_").lower().partition("__")
        if not separator:
            raise SettingsError(
                "{name} in the environment is not a setting (form: {prefix}_SECTION__KEY)", name=name, prefix=prefix
            )
        merged.setdefault(section, {})[key] = value
        names[section,] = names[section, key] = f" ({name} in the environment)"
    return merged, names


def _validated(model: type[S], values: dict[str, Any], place: Callable[[tuple[str, ...]], str], *, strict: bool) -> S:
    # A file says numbers as numbers; the environment has only texts.
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as error:
        first = error.errors()[0]
        loc = tuple(str(part) for part in first["loc"])
        said = (
            _unknown(model, loc) if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        )
        raise SettingsError(
            "{setting}: {said}{place}", setting=".".join(loc)[:120], said=said, place=place(loc)
        ) from error


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


def _place_in(text: str, loc: tuple[str, ...]) -> str:
    """Where a key is in the file, as far as its usual form tells."""
    section, found = "", ""
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
        if path == loc or (not found and path[:1] == loc[:1]):
            found = f" (config.toml, line {number})"
            if path == loc:
                break
    return found


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return ""
    except NotADirectoryError:
        return ""
    except OSError as error:
        raise SettingsError("config.toml cannot be read: {reason}", reason=error.strerror) from error
    except ValueError as error:
        raise SettingsError("config.toml is {encoding_of}; save it as UTF-8", encoding_of=_encoding_of(path)) from error


def _encoding_of(path: Path) -> str:
    start = path.read_bytes()[:4]
    wide = start[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in start
    return "UTF-16" if wide else "no UTF-8 text"


def _from_text(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise SettingsError(fault_of(text, error)) from error


def describe_settings(
    settings: ServerAppSettings, home: Path, prefix: str, environ: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Each setting as `section.key` with its value and its source: `environment`, `file` or `default`.

    A value that may hold a secret is None with `hidden`. Values are those that this process runs with.
    """
    given = environ if environ is not None else dict(os.environ)
    written = _from_text(_text_of(home / "config.toml"))
    found = []
    for section in type(settings).model_fields:
        table = getattr(settings, section)
        for key, info in type(table).model_fields.items():
            source = "default"
            if key in (written.get(section) or {}):
                source = "file"
            if f"{prefix}_{section}__{key}".upper() in given:
                source = "environment"
            value = getattr(table, key)
            hidden = not info.repr and value is not None
            found.append(
                {"name": f"{section}.{key}", "value": None if hidden else value, "hidden": hidden, "source": source}
            )
    return found
