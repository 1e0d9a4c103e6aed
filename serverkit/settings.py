"""Settings of both servers: what can be set, and what is allowed; `settings_file` reads them."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from serverkit.called_addresses import Network
from serverkit.endpoints import EndpointError, is_loopback, read_host
from serverkit.tls.names import plain_name


class Section(BaseModel):
    """A table of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(Section):
    """Where the data is; without `url` an embedded database in the home folder."""

    url: str | None = Field(default=None, repr=False)
    busy_seconds: float = Field(default=30.0, gt=0, le=600)
    failover_seconds: float = Field(default=60.0, ge=0, le=600)


def _bind(text: str) -> str:
    kind, _, path = text.partition(":")
    if kind == "unix" and path:
        return text
    host, colon, port = text.rpartition(":")
    if not colon:
        raise EndpointError("HOST:PORT is needed, or unix:PATH behind a proxy")
    read_host(f"{host or '127.0.0.1'}:{'1' if port == '0' else port}", None)
    return text


Bind = Annotated[str, AfterValidator(_bind)]


def absolute_path(text: str | None) -> str | None:
    """A path that means the same wherever a command is run."""
    # A path that depends on where a command is run would be missing from elsewhere: a home without its anchor.
    if text and not Path(text).is_absolute():
        raise ValueError("an absolute path is needed")
    return text


class ServerSettings(Section):
    """How the server answers."""

    bind: Bind = "127.0.0.1:8443"
    names: list[str] = Field(default=[], max_length=50)
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=32, ge=1, le=512)
    messages_at_once: int = Field(default=1000, ge=1, le=10_000)
    failures_a_minute: int = Field(default=120, ge=1, le=1_000_000)
    connections_per_address: int = Field(default=256, ge=0, le=100_000)

    @field_validator("names", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        # The environment has only texts: names are told apart there by commas.
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("names")
    @classmethod
    def _plain(cls, value: list[str]) -> list[str]:
        found = [plain_name(name) for name in value]
        bad = next((name for name, plain in zip(value, found, strict=True) if plain is None), None)
        if bad is not None:
            raise ValueError(f"{bad[:80]!r} is neither a host name nor an IP address")
        return [name for name in found if name]


class LogSettings(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class ManagementSettings(Section):
    """Where monitoring asks; without `bind` nothing listens for it."""

    bind: Bind | None = None
    token_file: Annotated[str | None, AfterValidator(absolute_path)] = None

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.bind is not None and not self.is_local and self.token_file is None:
            raise ValueError("an address that others reach needs management.token_file")
        return self

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the address."""
        host = (self.bind or "").rpartition(":")[0].strip("[]")
        return (self.bind or "").startswith("unix:") or is_loopback(host or "127.0.0.1")


def _network(text: str) -> str:
    try:
        return str(ip_network(text.strip()))
    except ValueError as error:
        raise ValueError(f"{text[:60]!r} is not a network such as 10.1.0.0/16") from error


class CalledSettings(Section):
    """What may be called for others: `allowed_networks` are those inside the site, which are refused otherwise."""

    allowed_networks: list[Annotated[str, AfterValidator(_network)]] = Field(default=[], max_length=50)
    ca_file: Annotated[str | None, AfterValidator(absolute_path)] = None

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks that are allowed."""
        return tuple(ip_network(one) for one in self.allowed_networks)


class WebhookSettings(CalledSettings):
    """Whom webhooks may call."""


class AnchorSettings(Section):
    """Where the anchor is kept: outside backups, so that a restored copy is recognised."""

    folder: Annotated[str | None, AfterValidator(absolute_path)] = None


class BackupSettings(Section):
    """Where the backups that the server makes itself are kept; without `folder` in the home."""

    folder: Annotated[str | None, AfterValidator(absolute_path)] = None


class ServerAppSettings(Section):
    """Settings of both servers."""

    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = ServerSettings()
    log: LogSettings = LogSettings()
    management: ManagementSettings = ManagementSettings()
    anchor: AnchorSettings = AnchorSettings()
    webhooks: WebhookSettings = WebhookSettings()
