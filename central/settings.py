"""Central's settings: HOME/config.toml and CENTRAL_SECTION__KEY."""

from __future__ import annotations

from chassis.mail.settings import MailSettings
from chassis.settings import ServerAppSettings

PREFIX = "CENTRAL"


class CentralSettings(ServerAppSettings):
    """What central can be told."""

    mail: MailSettings = MailSettings()
