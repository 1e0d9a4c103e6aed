"""Files that were brought here and checked, and wait to be applied: one of each kind, with what the check said.

They are kept in the home, so that a person may leave the page, and the server may restart, between check and apply.
Applying verifies the file again; what is kept here is never trusted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from satellite.actions.registration import import_authorization_file
from satellite.actions.setup_steps import check_authorization_file
from satellite.actions.synchronization import check_response_file, import_response_file
from satellite.core.access.rules import Permission
from satellite.core.access.services import require_actor
from satellite.core.site.errors import NotCheckedError
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.files import atomic_file, write_atomic
from serverkit.owner import make_folder

FOLDER = "incoming"
PIECE = 1024 * 1024
Opener = Callable[[], AbstractContextManager[BinaryIO]]


class Incoming(StrEnum):
    """Kinds of files that a person brings back from central."""

    AUTHORIZATION = "authorization"
    RESPONSE = "response"


NEEDED = {Incoming.AUTHORIZATION: Permission.SITE_MANAGE, Incoming.RESPONSE: Permission.SYNC_RUN}


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was checked: its digest and size, and what the check said."""

    sha256: str
    size: int
    view: dict[str, Any]


def check_incoming(server: Satellite, actor: Actor, kind: Incoming, open_file: Opener) -> Checked:
    """Verify a file and keep it until it is applied; what is wrong with it is raised, and nothing is kept or changed."""
    check = check_authorization_file if kind is Incoming.AUTHORIZATION else check_response_file
    view = check(server, actor, open_file)
    make_folder(server.home / FOLDER)
    seen = hashlib.sha256()
    size = 0
    with open_file() as stream, atomic_file(_content(server, kind)) as out:
        while piece := stream.read(PIECE):
            seen.update(piece)
            size += len(piece)
            out.write(piece)
    checked = Checked(seen.hexdigest(), size, view)
    said = {"sha256": checked.sha256, "size": size, "view": view}
    write_atomic(_said(server, kind), json.dumps(said).encode())
    return checked


def find_checked(server: Satellite, kind: Incoming) -> Checked | None:
    """The file of a kind that was checked last and was not applied yet."""
    try:
        said = json.loads(_said(server, kind).read_bytes())
        return Checked(said["sha256"], said["size"], said["view"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def apply_checked(server: Satellite, actor: Actor, kind: Incoming, sha256: str) -> dict[str, Any]:
    """Apply the file that was checked; its outcome. NotCheckedError where another one was checked meanwhile."""
    require_actor(actor, NEEDED[kind])
    checked = find_checked(server, kind)
    content = _content(server, kind)
    if checked is None or checked.sha256 != sha256 or not _is_kept(content, sha256):
        raise NotCheckedError
    if kind is Incoming.AUTHORIZATION:
        found = import_authorization_file(server, actor, lambda: content.open("rb"))
    else:
        found = import_response_file(server, actor, lambda: content.open("rb")).to_dict()
    drop_checked(server, actor, kind)
    return found


def drop_checked(server: Satellite, actor: Actor, kind: Incoming) -> None:
    """Put aside the file that was checked; the original stays where it was."""
    require_actor(actor, NEEDED[kind])
    for path in (_said(server, kind), _content(server, kind)):
        path.unlink(missing_ok=True)


def _is_kept(content: Path, sha256: str) -> bool:
    """Whether the file that was shown is the one that is kept: a process may die between the two that a check writes."""
    try:
        with content.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def _content(server: Satellite, kind: Incoming) -> Path:
    return server.home / FOLDER / f"{kind}.pgx"


def _said(server: Satellite, kind: Incoming) -> Path:
    return server.home / FOLDER / f"{kind}.json"
