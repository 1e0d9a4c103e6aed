"""Central's settings: HOME/config.toml and CENTRAL_SECTION__KEY."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from serverkit.endpoints import EndpointError, read_url
from serverkit.mail.settings import MailSettings, plain_address
from serverkit.settings import BackupSettings, CalledSettings, Section, ServerAppSettings, absolute_path

PREFIX = "CENTRAL"
MOST_LETTERS = 1000
_BEHIND_PATH = re.compile(r"[?#].*", re.DOTALL)
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2}){1,1000}")
Address = Annotated[str, AfterValidator(plain_address)]


class ContactSettings(Section):
    """Where what people write to the vendor goes; without an address there is no such form."""

    feedback: Address | None = None
    support: Address | None = None


def _web_address(text: str) -> str:
    """An address that paths are put behind, over TLS; empty for none."""
    if text:
        if len(text) > MOST_LETTERS or not text.isprintable():
            raise EndpointError("an address that begins with https:// is needed")
        read_url(text, {"https": 443})
    return text


def _web_page(text: str) -> str:
    """An address that a browser opens over TLS, also with a query and a fragment; empty for none."""
    end = _BEHIND_PATH.search(text)
    if end is not None and end[0].strip("?#") and not _QUERY.fullmatch(end[0]):
        raise EndpointError("what follows ? or # has a letter that is percent-encoded in an address")
    _web_address(text[: end.start()] if end else text)
    return text


class PortalSettings(Section):
    """Where the pages of central are, for links in mails, and what they lead to."""

    address: Annotated[str, AfterValidator(_web_address)] = ""
    export_page: Annotated[str, AfterValidator(_web_page)] = ""
    contracts_page: Annotated[str, AfterValidator(_web_page)] = ""


class ContractSettings(CalledSettings):
    """Where service contracts are looked up; without an address they come from imported files."""

    url: Annotated[str, AfterValidator(_web_address)] = ""
    token_file: Annotated[str | None, AfterValidator(absolute_path)] = None
    timeout_seconds: float = Field(default=10.0, ge=1, le=60)
    fresh_minutes: int = Field(default=60, ge=1, le=1440)


class CentralSettings(ServerAppSettings):
    """What central can be told."""

    mail: MailSettings = MailSettings()
    portal: PortalSettings = PortalSettings()
    contact: ContactSettings = ContactSettings()
    contracts: ContractSettings = ContractSettings()
    backup: BackupSettings = BackupSettings()

    def link(self, path: str) -> str:
        """A page as a link for mails: below `portal.address`, else the first of the server's names, else the path alone."""
        if self.portal.address:
            return self.portal.address.rstrip("/") + path
        name, port = next(iter(self.server.names), ""), self.server.bind.rpartition(":")[2]
        if not name or not port.isdecimal():
            return path
        host = f"[{name}]" if ":" in name else name
        return f"https://{host}{'' if port == '443' else f':{port}'}{path}"
