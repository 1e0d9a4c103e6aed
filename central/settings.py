"""Central's settings: HOME/config.toml and CENTRAL_SECTION__KEY."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

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


_MAPPED = re.compile(r"(?P<group>[^=\s][^=]{0,254})=(?P<role>[a-z_]+)(?:@(?P<domain>[^/\s]+)(?:/(?P<place>.+))?)?")


ROLE_PARTS = {
    "vendor_administrator": 0, "vendor_support": 0, "account_administrator": 1, "account_user": 1,
    "virtual_account_administrator": 2, "virtual_account_user": 2,
}  # fmt: skip
"""The roles, and how many names the place of each has: none for the vendor's, an account, a virtual account of it."""


def _mapped(text: str) -> str:
    found = _MAPPED.fullmatch(text.strip())
    if found is None or found["role"] not in ROLE_PARTS:
        raise ValueError(f"{text[:80]!r} is not GROUP=ROLE, GROUP=ROLE@DOMAIN or GROUP=ROLE@DOMAIN/VIRTUAL ACCOUNT")
    if bool(found["domain"]) + bool(found["place"]) != ROLE_PARTS[found["role"]]:
        raise ValueError(f"{text[:80]!r}: a vendor's role has no place, others @DOMAIN or @DOMAIN/VIRTUAL ACCOUNT")
    return text.strip()


def _plain(text: str) -> str:
    if not text.isprintable():
        raise ValueError("printable text is needed")
    return text.strip()


def _word(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("printable ASCII without blanks is needed")
    return text


@dataclass(frozen=True, slots=True)
class Mapped:
    """A group of the provider, and the role that its members have; `domain` and `place` are empty where they do not apply."""

    group: str
    role: str
    domain: str
    place: str


class OpenIdSettings(CalledSettings):
    """By which provider people may sign in beside the users of central; without an issuer by none."""

    issuer: Annotated[str, AfterValidator(_web_address)] = ""
    client_id: Annotated[str, AfterValidator(_word)] = Field(default="", max_length=255)
    client_secret_file: Annotated[str | None, AfterValidator(absolute_path)] = None
    label: Annotated[str, AfterValidator(_plain)] = Field(default="", max_length=60)
    scopes: list[Annotated[str, AfterValidator(_word)]] = Field(default=["openid", "profile"], max_length=20)
    name_claim: Annotated[str, AfterValidator(_word)] = Field(default="preferred_username", min_length=1, max_length=64)
    groups_claim: Annotated[str, AfterValidator(_word)] = Field(default="groups", min_length=1, max_length=64)
    roles: list[Annotated[str, AfterValidator(_mapped)]] = Field(default=[], max_length=500)
    clock_skew_seconds: int = Field(default=60, ge=0, le=300)
    timeout_seconds: float = Field(default=10.0, ge=1, le=60)

    @field_validator("scopes", "roles", mode="before")
    @classmethod
    def _by_comma(cls, value: object) -> object:
        return [one for one in value.split(",") if one.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer and not self.client_id:
            raise ValueError("openid.issuer needs openid.client_id")
        if "openid" not in self.scopes:
            raise ValueError("openid.scopes contains openid")
        return self

    @property
    def mapped(self) -> tuple[Mapped, ...]:
        """The roles of groups."""
        found = (_MAPPED.fullmatch(one) for one in self.roles)
        return tuple(
            Mapped(one["group"], one["role"], one["domain"] or "", one["place"] or "")
            for one in found
            if one is not None
        )


class CentralSettings(ServerAppSettings):
    """What central can be told."""

    mail: MailSettings = MailSettings()
    portal: PortalSettings = PortalSettings()
    contact: ContactSettings = ContactSettings()
    contracts: ContractSettings = ContractSettings()
    backup: BackupSettings = BackupSettings()
    openid: OpenIdSettings = OpenIdSettings()

    @model_validator(mode="after")
    def _returned_to(self) -> Self:
        if self.openid.issuer and not self.portal.address:
            raise ValueError("openid.issuer needs portal.address, to which people come back")
        return self

    def link(self, path: str) -> str:
        """A page as a link for mails: below `portal.address`, else the first of the server's names, else the path alone."""
        if self.portal.address:
            return self.portal.address.rstrip("/") + path
        name, port = next(iter(self.server.names), ""), self.server.bind.rpartition(":")[2]
        if not name or not port.isdecimal():
            return path
        host = f"[{name}]" if ":" in name else name
        return f"https://{host}{'' if port == '443' else f':{port}'}{path}"
