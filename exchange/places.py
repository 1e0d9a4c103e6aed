"""Files that belong to the home of a program: no output takes their place.

`serverkit.owner.is_state` is the same rule for the servers' commands; a test keeps the two alike.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from exchange.errors import ExchangeError
from exchange.refusal import Remedy

_SERVER = ("*.db", "*.db-*", "*.lock", "*.turn", "lab-clock.json", "keys", "anchor", "tls", "config.toml")
_DEVICE = ("device.json", "device-key.pem", "clock.json", "lab-clock.json", ".lock", "devices")


class OutputInHomeError(ExchangeError):
    """The refusal `output_in_home`."""

    code = "output_in_home"
    message = "A file would take the place of what a program keeps in its home."
    remedy = Remedy("Name a file outside the home; nothing was written.", page="set-up.md")


def is_state(path: Path) -> bool:
    """Whether a path names a part of the state of a server's home or of a device's, however it is written."""
    found = path.parent.resolve() / path.name
    for folder in found.parents:
        kept = _SERVER if _is_server(folder) else _DEVICE if _is_device(folder) else ()
        if kept:
            return _names(found, folder, kept)
    return False


def is_server_state(path: Path) -> bool:
    """Whether a path names a part of the state of a server's home."""
    found = path.parent.resolve() / path.name
    return any(_is_server(folder) and _names(found, folder, _SERVER) for folder in found.parents)


def _names(found: Path, folder: Path, kept: tuple[str, ...]) -> bool:
    return any(fnmatch(found.relative_to(folder).parts[0], pattern) for pattern in kept)


def _is_server(folder: Path) -> bool:
    return (folder / "keys").is_dir() and any(folder.glob("*.lock"))


def _is_device(folder: Path) -> bool:
    return (folder / "device-key.pem").exists() or (folder / "device.json").exists()


def refuse_state(path: Path) -> None:
    """OutputInHomeError where a file that is to be written is a part of the state of a home."""
    if is_state(path):
        raise OutputInHomeError("{name} there is a part of the state of a home", name=path.name[:80])
