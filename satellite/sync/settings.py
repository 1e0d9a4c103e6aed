"""Settings of network synchronization: read, check, store (row S1.4)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from satellite.core.site.errors import InvalidNetworkSettingError
from satellite.core.site.models import Site
from satellite.core.site.queries import site_of
from satellite.core.site.services import set_network
from serverkit.day_times import DayTimeError, read_time, read_zone
from serverkit.db.unit import Unit
from serverkit.endpoints import Endpoint, EndpointError, read_url
from serverkit.http.client import PORTS, PROXY_PORT, Target
from serverkit.http.pins import certificates_in, plain_fingerprint
from serverkit.schedule import KINDS, WEEKDAYS, Schedule

LONGEST_TIMEOUT = 3600


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Address, trust, proxy and schedule; `timeout` is the time-out of each step in seconds."""

    url: str = ""
    ca: str | None = None
    fingerprint: str | None = None
    proxy: str | None = None
    every: str = "off"
    day: int = 0
    at: str = "03:00"
    zone: str = "UTC"
    timeout: int = 300

    @property
    def target(self) -> Target:
        """What a call needs."""
        return Target(self.url, self.ca, self.fingerprint, self.proxy)

    @property
    def schedule(self) -> Schedule:
        """When it is time."""
        return Schedule(self.every, self.day, read_time(self.at), self.zone)

    def __repr__(self) -> str:
        """Show the address, never the login of a proxy."""
        return f"NetworkSettings({self.url})"


def settings_of(site: Site) -> NetworkSettings:
    """The settings as they are kept."""
    return NetworkSettings(**site.network)


def shown(settings: NetworkSettings) -> dict[str, Any]:
    """The settings for people: authorities by name, no password of a proxy."""
    values = asdict(settings)
    values["ca"] = [name for name, _ in certificates_in(settings.ca)] if settings.ca else None
    if settings.proxy:
        proxy = read_url(settings.proxy, {"http": PROXY_PORT}, login=True)
        values["proxy"] = f"http://{proxy.authority}"
        values["proxy_login"] = proxy.user is not None
    if settings.every == "weekly":
        values["day"] = WEEKDAYS[settings.day]
    return values


def changed_settings(site: Site, changes: dict[str, Any], *, lab: bool) -> NetworkSettings:
    """The settings with what is named changed; InvalidNetworkSettingError names the first that cannot be.

    A laboratory (`lab`) may reach central without TLS.
    """
    settings = replace(settings_of(site), **changes)
    return replace(settings, day=_check(settings, lab=lab))


def change_settings(unit: Unit, changes: dict[str, Any], *, lab: bool) -> NetworkSettings:
    """Change what is named; InvalidNetworkSettingError names the first that cannot be."""
    settings = changed_settings(site_of(unit), changes, lab=lab)
    set_network(unit, asdict(settings))
    return settings


def follow_key(unit: Unit, certificate: str | None, key: str) -> None:
    """Pin central's key instead of its certificate, where the certificate was pinned: it is renewed with the same key."""
    site = site_of(unit)
    if settings_of(site).fingerprint == certificate:
        site.network = {**site.network, "fingerprint": key}


def _check_addresses(settings: NetworkSettings, *, lab: bool) -> None:
    if settings.url:
        url = _address("url", settings.url, PORTS)
        if url.scheme == "http" and not lab:
            raise InvalidNetworkSettingError("url: http:// is for laboratories only; https:// is needed")
    if settings.proxy:
        proxy = _address("proxy", settings.proxy, {"http": PROXY_PORT}, login=True)
        if proxy.path not in {"", "/"}:
            raise InvalidNetworkSettingError("proxy: an address such as http://host:port is needed, without a path")


def _check(settings: NetworkSettings, *, lab: bool) -> int:
    _check_addresses(settings, lab=lab)
    if settings.fingerprint and not re.fullmatch(r"[0-9a-f]{64}", plain_fingerprint(settings.fingerprint)):
        raise InvalidNetworkSettingError("fingerprint: 64 hexadecimal digits are needed")
    if settings.ca:
        try:
            certificates_in(settings.ca)
        except ValueError as error:
            raise InvalidNetworkSettingError("ca: the file holds no certificate in PEM form") from error
    if settings.every not in KINDS:
        raise InvalidNetworkSettingError("every: one of {kinds}", kinds=", ".join(KINDS))
    for name, read in (("at", read_time), ("zone", read_zone)):
        try:
            read(getattr(settings, name))
        except DayTimeError as error:
            raise InvalidNetworkSettingError("{name}: {error}", name=name, error=error) from error
    if not 1 <= settings.timeout <= LONGEST_TIMEOUT:
        raise InvalidNetworkSettingError("timeout: 1 to {longest_timeout} seconds", longest_timeout=LONGEST_TIMEOUT)
    return _day(settings)


def _address(name: str, text: str, ports: dict[str, int], *, login: bool = False) -> Endpoint:
    try:
        return read_url(text, ports, login=login)
    except EndpointError as error:
        raise InvalidNetworkSettingError("{name}: {error}", name=name, error=error) from error


def _day(settings: NetworkSettings) -> int:
    if settings.every == "weekly" and not 0 <= settings.day <= 6:
        raise InvalidNetworkSettingError("day: one of {weekdays}", weekdays=", ".join(WEEKDAYS))
    if settings.every == "monthly" and not 1 <= settings.day <= 31:
        raise InvalidNetworkSettingError("day: 1 to 31")
    return settings.day
