"""Use cases of synchronization: a satellite's request comes in by file or over the network (row C11.2).

The signature of the satellite is the credential. Each function opens units of its own: files are verified and staged
outside of the write lock.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from central.runtime import Central
from central.sync import import_request
from central.sync.import_request import Opener
from central.sync.outgoing import OutgoingFile
from serverkit.actor import Actor
from serverkit.errors import FileUnreadableError


def import_request_file(server: Central, actor: Actor, path: Path) -> OutgoingFile:
    """Import a request that a person carries; the response, which may leave now."""
    try:
        return import_request.import_request(
            server.database, server.keyring, server.anchor, actor, lambda: path.open("rb"), by_file=True
        )
    except OSError as error:
        raise FileUnreadableError("cannot read {name}: {reason}", name=path.name, reason=error.strerror) from error


def import_network_request(server: Central, actor: Actor, open_file: Opener, address: str = "") -> OutgoingFile:
    """Import a request that a satellite sends from an address; the response, which may leave now."""
    return import_request.import_request(
        server.database, server.keyring, server.anchor, actor, open_file, address=address[:255]
    )


def check_first_line(server: Central, actor: Actor, line: bytes) -> str:
    """The satellite that the first line of a request names, before anything else is read; ExchangeError if unknown."""
    return import_request.check_first_line(server.database, actor, line)


def check_lines(server: Central, actor: Actor, head: BinaryIO) -> int:
    """The length in bytes of the request that begins with `head`, before its body is read; ExchangeError if not signed."""
    return import_request.check_lines(server.database, actor, head)
