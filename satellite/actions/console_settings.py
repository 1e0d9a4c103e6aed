"""Use cases of the text on the sign-in page, and of names and proxy of the network (row S3.4)."""

from __future__ import annotations

import re
import socket
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from satellite.actions.synchronization import change_settings, show_settings
from satellite.actions.tls import ACTS as CERTIFICATE_ACTS
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.settings import services as stored
from satellite.core.settings.rules import NetworkNames
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.stored_settings import Stored, checked
from serverkit.tls.names import asked_names, local_names, plain_name
from serverkit.tls.pair import TLS

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _text(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("it contains a character that no page can show")
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())


BannerText = Annotated[str, AfterValidator(_text)]


class Banner(Stored):
    """The text on the sign-in page; empty for none."""

    text: BannerText = Field(default="", max_length=4000)


def show_banner(unit: Unit) -> str:
    """Show the text of the sign-in page; everyone may see it."""
    return stored.read(unit, stored.BANNER, Banner).text


def change_banner(unit: Unit, text: str) -> str:
    """Change the text of the sign-in page; InvalidInputError."""
    stored.change(unit, stored.BANNER, checked(Banner, {"text": text}))
    return show_banner(unit)


def show_network(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show names, proxy, and what the system says of the network; the proxy without its login."""
    require(unit, Permission.SITE_MANAGE)
    return {
        "names": stored.read(unit, stored.NETWORK, NetworkNames).names,
        "file_names": list(server.settings.server.names),
        "asked": asked_names(server.home / TLS, unit.now),
        "proxy": show_settings(unit)["proxy"],
        "bind": server.settings.server.bind,
        "hostname": socket.gethostname(),
        "addresses": [name for name in local_names() if _is_address(name)],
        "resolvers": _resolvers(Path("/etc/resolv.conf")),
    }


def change_network(
    server: Satellite, unit: Unit, names: Sequence[str] | None = None, proxy: str | None = None
) -> dict[str, Any]:
    """Change the names by which devices reach this server, and the proxy of synchronization; None leaves one as it is.

    The server's own certificate is renewed with the names. InvalidInputError.
    """
    require(unit, Permission.SITE_MANAGE)
    if names is not None:
        stored.change(unit, stored.NETWORK, checked(NetworkNames, {"names": list(names)}))
        unit.session.flush()
        CERTIFICATE_ACTS.refresh(server, unit)
    if proxy is not None and proxy != (show_settings(unit)["proxy"] or ""):
        change_settings(server, unit, {"proxy": proxy or None})
    return show_network(server, unit)


def _is_address(name: str) -> bool:
    return ":" in name or bool(re.fullmatch(r"[0-9.]+", name))


def _resolvers(file: Path) -> list[str]:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = [plain_name(line.split()[1]) for line in lines if line.startswith("nameserver ") and len(line.split()) > 1]
    return [name for name in found if name]
