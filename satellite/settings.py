"""A satellite's settings: HOME/config.toml and SATELLITE_SECTION__KEY."""

from __future__ import annotations

from serverkit.settings import ServerAppSettings, ServerSettings

PREFIX = "SATELLITE"


class SatelliteSettings(ServerAppSettings):
    """Settings of a satellite."""

    server: ServerSettings = ServerSettings(bind="127.0.0.1:8444")
