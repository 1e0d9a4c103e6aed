"""A satellite's settings: HOME/config.toml and SATELLITE_SECTION__KEY."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from serverkit.settings import Section, ServerAppSettings, ServerSettings, absolute_path

PREFIX = "SATELLITE"


class BackupSettings(Section):
    """Where the backups that the satellite makes itself are kept; without `folder` in the home."""

    folder: Annotated[str | None, AfterValidator(absolute_path)] = None


class SatelliteSettings(ServerAppSettings):
    """Settings of a satellite."""

    server: ServerSettings = ServerSettings(bind="127.0.0.1:8444")
    backup: BackupSettings = BackupSettings()
