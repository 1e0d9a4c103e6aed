"""Central's settings: HOME/config.toml and CENTRAL_SECTION__KEY."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from serverkit.mail.settings import MailSettings, plain_address
from serverkit.settings import Section, ServerAppSettings

PREFIX = "CENTRAL"
Address = Annotated[str, AfterValidator(plain_address)]


class ContactSettings(Section):
    """Where what people write to the vendor goes; without an address there is no such form."""

    feedback: Address | None = None
    support: Address | None = None


def _web_page(text: str) -> str:
    """An address that a browser opens over TLS; empty for none."""
    if text and (not text.startswith("https://") or not text.isprintable() or " " in text or len(text) > 1000):
        raise ValueError("an address that begins with https:// is needed")
    return text


class PortalSettings(Section):
    """What the pages of central lead to."""

    export_page: Annotated[str, AfterValidator(_web_page)] = ""
    contracts_page: Annotated[str, AfterValidator(_web_page)] = ""


class CentralSettings(ServerAppSettings):
    """What central can be told."""

    mail: MailSettings = MailSettings()
    portal: PortalSettings = PortalSettings()
    contact: ContactSettings = ContactSettings()
