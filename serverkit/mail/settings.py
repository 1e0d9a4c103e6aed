"""Mail settings: server, encryption, and sender."""

from __future__ import annotations

import unicodedata
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from serverkit.endpoints import EndpointError, read_host
from serverkit.settings import Section, absolute_path


def _path(value: object) -> object:
    """A path as text in a settings file."""
    if value == "":
        raise ValueError("the path is empty")
    if isinstance(value, str):
        absolute_path(value)
    return Path(value) if isinstance(value, str) else value


LONGEST_ADDRESS = 255


def plain_user(text: str) -> str:
    """A user name of a mail server, or nothing; ValueError for one of blanks or with what no one types."""
    if text and (not text.strip() or not text.isprintable() or len(text) > 255):
        raise ValueError("a user name of 1 to 255 letters without control characters is needed")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("the user name is not in the usual Unicode form (NFC)")
    return text


FilePath = Annotated[Path, BeforeValidator(_path)]


def plain_host(text: str) -> str:
    """A host without a port, or nothing; EndpointError, which is a ValueError."""
    if text and read_host(f"[{text}]" if text.count(":") > 1 else text, 25)[0] != text:
        raise EndpointError("a host without a port is needed; the port is set apart")
    return text


def _host(text: str | None) -> str | None:
    try:
        return plain_host(text) if text else text
    except EndpointError as error:
        raise EndpointError(f"{error} (`mail.port`)") from error


def plain_address(text: str) -> str:
    """A mail address; ValueError for what is none."""
    try:
        found = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError, TypeError) as error:
        raise ValueError("this is not a mail address") from error
    if not found.username or not found.domain or not text.isprintable():
        raise ValueError("this is not a mail address")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("the mail address is not in the usual Unicode form (NFC)")
    if len(text) > LONGEST_ADDRESS:
        raise ValueError(f"a mail address has at most {LONGEST_ADDRESS} characters")
    return text


class MailSettings(Section):
    """Where mail is handed over; without `host` none is sent, and none is written."""

    host: Annotated[str | None, AfterValidator(_host)] = None
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: FilePath | None = None
    user: Annotated[str, AfterValidator(plain_user)] | None = None
    password_file: FilePath | None = None
    sender: Annotated[str, AfterValidator(plain_address)] = "perigee@localhost"
    timeout_seconds: float = Field(default=10.0, gt=0, le=120)
