"""Addresses that people type: HOST:PORT and URLs, read strictly; messages never repeat a password."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import unquote

MOST_PORT = 65_535
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_NUMBERS = re.compile(r"[0-9.]+")
_PORT = re.compile(r"[0-9]{1,5}")
_ZONE = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_ZONE_IN_URL = re.compile(r"%25(?=[^\]])")
"""The mark before the zone of an IPv6 address, as a URL has it (RFC 6874)."""
_LOGIN_PART = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_LOGIN = re.compile(rf"({_LOGIN_PART})(?::({_LOGIN_PART}))?")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*")


class EndpointError(ValueError):
    """What was typed is not an address; the text says why, and never repeats a login."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something is: scheme, host without brackets, port, path; a login is never shown."""

    scheme: str
    host: str
    port: int
    path: str = ""
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """HOST:PORT, an address of version 6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_url(text: str, ports: dict[str, int], *, login: bool = False) -> Endpoint:
    """A URL of one of the schemes that `ports` names, with their usual ports; EndpointError where it is none.

    `login` allows a user name and a password; whatever has a meaning in an address is percent-encoded in them.
    """
    example = f"{next(iter(ports))}://host:port"
    scheme, mark, rest = text.partition("://")
    if not mark or scheme.lower() not in ports:
        raise EndpointError(f"an address such as {example} is needed")
    if not rest.rpartition("@")[2].isascii():
        raise EndpointError("a letter outside ASCII is in it: write the name in its ASCII form (xn--…)")
    user = password = None
    if "@" in rest:
        if not login:
            raise EndpointError("no user name belongs there")
        said, _, rest = rest.rpartition("@")
        user, password = _read_login(said)
    authority, slash, path = rest.partition("/")
    if not _PATH.fullmatch(slash + path):
        raise EndpointError(f"an address such as {example} is needed, without query, fragment and blanks")
    host, port = read_host(_ZONE_IN_URL.sub("%", authority, count=1), ports[scheme.lower()])
    return Endpoint(scheme.lower(), host, port, slash + path, user, password)


def _read_login(text: str) -> tuple[str, str | None]:
    """User name and password, decoded; a server that is asked with other signs than those meant would only say no."""
    found = _LOGIN.fullmatch(text)
    if found is None:
        raise EndpointError(
            "user name and password are percent-encoded: @ as %40, : as %3A, / as %2F, # as %23, % as %25, "
            "letters outside ASCII by their UTF-8 bytes (ü as %C3%BC)"
        )
    try:
        user, password = (None if part is None else unquote(part, errors="strict") for part in found.groups())
    except UnicodeDecodeError as error:
        raise EndpointError("what is percent-encoded in user name or password is not UTF-8 (ü is %C3%BC)") from error
    if not user:
        raise EndpointError("the user name before @ is empty")
    if ":" in user or any(ord(one) < 32 or ord(one) == 127 for one in user + (password or "")):  # RFC 7617
        raise EndpointError("a colon in the user name, or a control character, cannot be sent to a proxy")
    return user, password


def read_host(text: str, port: int | None) -> tuple[str, int]:
    """HOST or HOST:PORT, with `port` where none is named (None: one must be); an IPv6 address is in brackets."""
    if text.startswith("["):
        inner, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise EndpointError("the brackets around an IPv6 address do not match")
        host, colon, said = _version_6(inner), rest[:1], rest[1:]
    else:
        if "://" in text:
            raise EndpointError("a host is named here, without a scheme such as https://")
        if "]" in text:
            raise EndpointError("the brackets around an IPv6 address do not match")
        if text.count(":") > 1:
            raise EndpointError("an IPv6 address is in brackets, such as [2001:db8::1]:8443")
        host, colon, said = text.partition(":")
        _check_name(host)
    if not colon:
        if port is None:
            raise EndpointError("no port is named")
        return host, port
    if not _PORT.fullmatch(said) or not 1 <= int(said) <= MOST_PORT:
        raise EndpointError(f"the port is not a number from 1 to {MOST_PORT}")
    return host, int(said)


def _version_6(text: str) -> str:
    _, mark, zone = text.partition("%")
    try:
        IPv6Address(text)
    except AddressValueError as error:
        raise EndpointError("what is in brackets is not an IPv6 address") from error
    if mark and not _ZONE.fullmatch(zone):
        raise EndpointError("what follows % in an IPv6 address is not the name of an interface")
    return text


def _check_name(host: str) -> None:
    if not host:
        raise EndpointError("no host is named")
    if not _NAME.fullmatch(host):
        raise EndpointError("this is not a name of a host")
    if _NUMBERS.fullmatch(host):
        try:
            IPv4Address(host)
        except AddressValueError as error:
            raise EndpointError("this is not an IPv4 address") from error


def is_loopback(host: str) -> bool:
    """Whether a host, without brackets, is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
