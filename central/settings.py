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
    """Where the pages of central are, for links in mails, and what they lead to."""

    address: Annotated[str, AfterValidator(_web_page)] = ""
    export_page: Annotated[str, AfterValidator(_web_page)] = ""
    contracts_page: Annotated[str, AfterValidator(_web_page)] = ""


class CentralSettings(ServerAppSettings):
    """What central can be told."""

    mail: MailSettings = MailSettings()
    portal: PortalSettings = PortalSettings()
    contact: ContactSettings = ContactSettings()

    def link(self, path: str) -> str:
        """A page as a link for mails: below `portal.address`, else the first of the server's names, else the path alone."""
        if self.portal.address:
            return self.portal.address.rstrip("/") + path
        name, port = next(iter(self.server.names), ""), self.server.bind.rpartition(":")[2]
        if not name or not port.isdecimal():
            return path
        host = f"[{name}]" if ":" in name else name
        return f"https://{host}{'' if port == '443' else f':{port}'}{path}"
