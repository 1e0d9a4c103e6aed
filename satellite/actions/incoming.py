"""Files that were brought here and checked, and wait to be applied: one of each kind, with what the check said.

Two people may bring files at once: each acts by digest on the file that was shown to them, and on no other.
They are kept in the home, so that a person may leave the page, and the server may restart, between check and apply.
Applying verifies the file again; what is kept here is never trusted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from time import sleep
from typing import Any, BinaryIO

from satellite.actions.registration import import_authorization_file
from satellite.actions.setup_steps import check_authorization_file
from satellite.actions.synchronization import check_response_file, import_response_file
from satellite.actions.updates import ACTS as UPDATES
from satellite.core.access.rules import Permission
from satellite.core.access.services import require_actor
from satellite.core.site.errors import NotCheckedError, OtherFileCheckedError
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.errors import DatabaseBusyError
from serverkit.files import atomic_file, write_atomic
from serverkit.locks import held_folder
from serverkit.owner import make_folder
from serverkit.updates.acts import Tell

FOLDER = "incoming"
PIECE = 1024 * 1024
TRIES, PAUSE_SECONDS = 50, 0.1
Opener = Callable[[], AbstractContextManager[BinaryIO]]


class Incoming(StrEnum):
    """Kinds of files that a person brings back from central."""

    AUTHORIZATION = "authorization"
    RESPONSE = "response"
    UPDATE = "update"


NEEDED = {
    Incoming.AUTHORIZATION: Permission.SITE_MANAGE,
    Incoming.RESPONSE: Permission.SYNC_RUN,
    Incoming.UPDATE: Permission.SITE_MANAGE,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was checked: its digest and size, what the check said, and who checked it."""

    sha256: str
    size: int
    view: dict[str, Any]
    by: str = ""


def check_incoming(server: Satellite, actor: Actor, kind: Incoming, open_file: Opener) -> Checked:
    """Verify a file and keep it until it is applied; what is wrong with it is raised, and nothing is kept or changed.

    OtherFileCheckedError where another file was checked meanwhile: it is discarded by a person who has seen it, never by
    this one.
    """
    view = _CHECKS[kind](server, actor, open_file)
    with open_file() as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # it reads like any file
    with _alone(server):
        other = find_checked(server, kind)
        if other is not None and other.sha256 != sha256 and _is_kept(_content(server, kind), other.sha256):
            raise OtherFileCheckedError("{name} checked another file here.", name=other.by or "Another user")
        size = 0
        with open_file() as stream, atomic_file(_content(server, kind)) as out:
            while piece := stream.read(PIECE):
                size += len(piece)
                out.write(piece)
        checked = Checked(sha256, size, view, actor.name)
        write_atomic(_said(server, kind), json.dumps(asdict(checked)).encode())
    return checked


_CHECKS: dict[Incoming, Callable[[Satellite, Actor, Opener], dict[str, Any]]] = {
    Incoming.AUTHORIZATION: check_authorization_file,
    Incoming.RESPONSE: check_response_file,
    Incoming.UPDATE: UPDATES.check_file,
}


def find_checked(server: Satellite, kind: Incoming) -> Checked | None:
    """The file of a kind that was checked last and was not applied yet."""
    try:
        said = json.loads(_said(server, kind).read_bytes())
        return Checked(said["sha256"], said["size"], said["view"], said["by"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def apply_checked(
    server: Satellite, actor: Actor, kind: Incoming, sha256: str, tell: Tell | None = None
) -> dict[str, Any]:
    """Apply the file that was checked; its outcome. NotCheckedError where another one was checked meanwhile.

    `tell` hears the stages of an update; who applies one does not wait for its end, since it stops every process.
    """
    require_actor(actor, NEEDED[kind])
    checked = find_checked(server, kind)
    if checked is None or checked.sha256 != sha256:
        raise NotCheckedError
    with _kept(_content(server, kind), sha256) as stream:  # the file itself, whatever takes its name meanwhile

        @contextmanager
        def opened() -> Iterator[BinaryIO]:
            stream.seek(0)
            yield stream

        if kind is Incoming.AUTHORIZATION:
            found = import_authorization_file(server, actor, opened)
        elif kind is Incoming.UPDATE:
            found = UPDATES.install_file(server, actor, opened, tell or (lambda _stage: None), wait=False)
        else:
            found = import_response_file(server, actor, opened).to_dict()
    with suppress(NotCheckedError, DatabaseBusyError):  # it is applied; what is shown still is known to be
        drop_checked(server, actor, kind, sha256)
    return found


def drop_checked(server: Satellite, actor: Actor, kind: Incoming, sha256: str) -> None:
    """Discard the file that was checked, by its digest; the original stays where it was. NotCheckedError for another."""
    require_actor(actor, NEEDED[kind])
    with _alone(server):
        checked = find_checked(server, kind)
        if checked is None:
            return
        if checked.sha256 != sha256:
            raise NotCheckedError
        for path in (_said(server, kind), _content(server, kind)):
            path.unlink(missing_ok=True)


@contextmanager
def _alone(server: Satellite) -> Iterator[None]:
    """Hold the folder: what is compared is what is replaced. DatabaseBusyError where another one keeps a file too long."""
    folder = server.home / FOLDER
    make_folder(folder)
    with ExitStack() as stack:
        for left in reversed(range(TRIES)):
            try:
                stack.enter_context(held_folder(folder))
                break
            except BlockingIOError:
                if not left:
                    raise DatabaseBusyError("another file is being kept") from None
                sleep(PAUSE_SECONDS)
        yield


def _is_kept(content: Path, sha256: str) -> bool:
    """Whether the file that was shown is the one that is kept."""
    with suppress(NotCheckedError), _kept(content, sha256):
        return True
    return False


@contextmanager
def _kept(content: Path, sha256: str) -> Iterator[BinaryIO]:
    """The file that is kept; NotCheckedError where it is not the one that was shown.

    A process may die between the two files that a check writes.
    """
    try:
        stream = content.open("rb")
    except FileNotFoundError as error:
        raise NotCheckedError from error
    with stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
            raise NotCheckedError
        yield stream


def _content(server: Satellite, kind: Incoming) -> Path:
    return server.home / FOLDER / f"{kind}.pgx"


def _said(server: Satellite, kind: Incoming) -> Path:
    return server.home / FOLDER / f"{kind}.json"
