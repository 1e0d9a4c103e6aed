"""Central's settings: HOME/config.toml and CENTRAL_SECTION__KEY."""

from __future__ import annotations

from serverkit.mail.settings import MailSettings
from serverkit.settings import ServerAppSettings

PREFIX = "CENTRAL"


class CentralSettings(ServerAppSettings):
    """What central can be told."""

    mail: MailSettings = MailSettings()
