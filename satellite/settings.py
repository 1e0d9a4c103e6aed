"""A satellite's settings: HOME/config.toml and SATELLITE_SECTION__KEY."""

from __future__ import annotations

from chassis.settings import Section, ServerAppSettings, ServerSettings

PREFIX = "SATELLITE"


class AnchorSettings(Section):
    """Where the anchor is kept: outside backups, so that a restored copy is recognised."""

    folder: str | None = None


class SatelliteSettings(ServerAppSettings):
    """What a satellite can be told."""

    server: ServerSettings = ServerSettings(bind="127.0.0.1:8444")
    anchor: AnchorSettings = AnchorSettings()
