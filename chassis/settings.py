"""Settings: defaults, then HOME/config.toml, then the environment; an unknown or wrong key stops the start."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.errors import SettingsError

RESERVED_THREADS = 4


class Section(BaseModel):
    """A table of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(Section):
    """Where the data is; without `url` an embedded database in the home folder."""

    url: str | None = Field(default=None, repr=False)
    busy_seconds: float = Field(default=30.0, gt=0, le=600)


class ServerSettings(Section):
    """How the server answers."""

    bind: str = "127.0.0.1:8443"
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=128, ge=1, le=512)
    failures_a_minute: int = Field(default=120, ge=1)

    @property
    def messages_at_once(self) -> int:
        """How many device messages a process takes at once; the other threads are kept for whoever asks how it is."""
        return max(1, self.threads - RESERVED_THREADS)


class LogSettings(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class ServerAppSettings(Section):
    """What both servers can be told."""

    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = ServerSettings()
    log: LogSettings = LogSettings()


S = TypeVar("S", bound=ServerAppSettings)


def load_settings(model: type[S], home: Path, prefix: str, environ: dict[str, str] | None = None) -> S:
    """Read the settings of a home; SettingsError names the key and where it stands.

    Environment names are `PREFIX_SECTION__KEY`, such as `CENTRAL_SERVER__BIND`; `PREFIX_HOME` names the home itself.
    """
    values = _from_file(home / "config.toml")
    for name, value in (environ if environ is not None else dict(os.environ)).items():
        if not name.startswith(prefix + "_") or name == prefix + "_HOME":
            continue
        section, separator, key = name.removeprefix(prefix + "_").lower().partition("__")
        if not separator:
            raise SettingsError(f"{name} in the environment is no setting (form: {prefix}_SECTION__KEY)")
        table = values.setdefault(section, {})
        if not isinstance(table, dict):
            raise SettingsError(f"{section} in config.toml is no table")
        table[key] = value
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{key}: {first['msg']}") from error


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"config.toml cannot be read: {error}") from error
