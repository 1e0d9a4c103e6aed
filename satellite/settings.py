"""A satellite's settings: HOME/config.toml and SATELLITE_SECTION__KEY."""

from __future__ import annotations

from serverkit.settings import BackupSettings, Bind, ServerAppSettings, ServerSettings

PREFIX = "SATELLITE"


class SatelliteServerSettings(ServerSettings):
    """How a satellite answers; its port is its own, also where the file sets something else of this table."""

    bind: Bind = "127.0.0.1:8444"


class SatelliteSettings(ServerAppSettings):
    """Settings of a satellite."""

    server: SatelliteServerSettings = SatelliteServerSettings()
    backup: BackupSettings = BackupSettings()
