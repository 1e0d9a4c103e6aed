"""A satellite's settings: HOME/config.toml and SATELLITE_SECTION__KEY."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from serverkit.settings import Bind, Section, ServerAppSettings, ServerSettings, absolute_path

PREFIX = "SATELLITE"


class BackupSettings(Section):
    """Where the backups that the satellite makes itself are kept; without `folder` in the home."""

    folder: Annotated[str | None, AfterValidator(absolute_path)] = None


class SatelliteServerSettings(ServerSettings):
    """How a satellite answers; its port is its own, also where the file sets something else of this table."""

    bind: Bind = "127.0.0.1:8444"


class SatelliteSettings(ServerAppSettings):
    """Settings of a satellite."""

    server: SatelliteServerSettings = SatelliteServerSettings()
    backup: BackupSettings = BackupSettings()
