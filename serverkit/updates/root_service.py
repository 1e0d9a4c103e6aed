"""The root helper of updates: takes one order from a server or from root, over a socket, and installs what it verified itself.

The order is one line of JSON with one open file: `{"verb": "install", "product": "satellite"}`. The helper copies the file
into its own folder and verifies that copy, so what was verified is what is installed, whatever becomes of the sender's.
The service manager starts it for each order (`perigee-update.socket`); `--resume` ends what a power cut left half done.
"""

from __future__ import annotations

import array
import json
import os
import pwd
import socket
import stat
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from serverkit.errors import AppError
from serverkit.updates.bundle import MOST_BYTES, PIECE
from serverkit.updates.errors import UpdateRefusedError, UpdateUnreadableError
from serverkit.updates.install import JOURNAL, go_back, install, prepare
from serverkit.updates.machine import Machine

INSTALL, MOST_ORDER, FIRST_DESCRIPTOR = "install", 4096, 3
ORDER_SECONDS = 10.0
_PEER = struct.Struct("3i")


class Line:
    """Where the sender is told; one who has gone is not waited for."""

    def __init__(self, connection: socket.socket) -> None:
        """`connection` is the sender's."""
        self._connection = connection

    def say(self, **said: Any) -> None:
        """Send one line."""
        with suppress(OSError):
            self._connection.sendall(json.dumps(said).encode() + b"\n")


def may_order(uid: int, product: str, machine: Machine) -> bool:
    """Whether a user of this machine may order for a product: root, and the user of that server."""
    if uid == 0:
        return True
    found = next((one for one in machine.products if one.name == product), None)
    if found is None:
        return False
    try:
        return pwd.getpwnam(found.user).pw_uid == uid
    except KeyError:
        return False


def take_order(connection: socket.socket, machine: Machine) -> int:
    """Read an order and check who sent it; the open file. UpdateRefusedError, nothing of the file is read before."""
    connection.settimeout(ORDER_SECONDS)
    _, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    descriptors = array.array("i")
    room = socket.CMSG_SPACE(4 * descriptors.itemsize)
    try:
        data, extra, _, _ = connection.recvmsg(MOST_ORDER, room, socket.MSG_CMSG_CLOEXEC)
    except OSError as error:
        raise UpdateRefusedError("no order came in time") from error
    for level, kind, content in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    try:
        _check(data, uid, list(descriptors), machine)
    except BaseException:
        for one in descriptors:
            os.close(one)
        raise
    return descriptors[0]


def _check(data: bytes, uid: int, descriptors: list[int], machine: Machine) -> None:
    try:
        order = json.loads(data)
    except ValueError as error:
        raise UpdateRefusedError("the order is not JSON") from error
    names = {one.name for one in machine.products}
    if not isinstance(order, dict) or order.keys() != {"verb", "product"} or order["verb"] != INSTALL:
        raise UpdateRefusedError("there is no such order")
    if order["product"] not in names:
        raise UpdateRefusedError("there is no such product")
    if not may_order(uid, order["product"], machine):
        raise UpdateRefusedError("this user may not order an update")
    if len(descriptors) != 1:
        raise UpdateRefusedError("one file belongs to an order")
    if not stat.S_ISREG(os.fstat(descriptors[0]).st_mode):
        raise UpdateRefusedError("what came with the order is no regular file")


def copy_of(descriptor: int, target: Path) -> None:
    """Copy an open file into the helper's own; UpdateUnreadableError for one that is too large. It is closed."""
    with os.fdopen(descriptor, "rb", buffering=0) as source:
        if os.fstat(source.fileno()).st_size > MOST_BYTES:
            raise UpdateUnreadableError("the file is too large")
        new = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(new, "wb") as out:
            at = 0
            while piece := os.pread(source.fileno(), PIECE, at):
                at += len(piece)
                if at > MOST_BYTES:
                    raise UpdateUnreadableError("the file is too large")
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())


def follow(connection: socket.socket, machine: Machine) -> dict[str, Any]:
    """Take one order and carry it out; the report, or the refusal, which the sender is told too."""
    line, file = Line(connection), machine.state / "incoming.tar"
    try:
        machine.state.mkdir(mode=0o755, parents=True, exist_ok=True)
        if (machine.state / JOURNAL).exists():
            raise UpdateRefusedError("an update is under way, or waits for the next start of the machine")
        descriptor = take_order(connection, machine)
        file.unlink(missing_ok=True)
        line.say(stage="copy")
        copy_of(descriptor, file)
        line.say(stage="verify")
        update = prepare(machine, file)
        line.say(stage="accepted", version=update.version)
        report = install(machine, update, file, lambda stage: line.say(stage=stage))
        file.unlink(missing_ok=True)
        line.say(**report)
    except AppError as refusal:
        said = {"refused": refusal.code, "message": refusal.message}
        line.say(**said)
        return said
    except OSError as error:
        said = {"refused": UpdateRefusedError.code, "message": f"the helper failed: {error.strerror or error}"}
        line.say(**said)
        return said
    finally:
        file.unlink(missing_ok=True)
    return report


def main(argv: list[str] | None = None) -> int:
    """Carry out the order that waits at the socket, or end what was left half done."""
    words, machine = sys.argv[1:] if argv is None else argv, Machine()
    os.umask(0o022)
    if words == ["--resume"]:
        said = go_back(machine, "the machine stopped in the middle of the update", print)
    elif os.environ.get("LISTEN_FDS") == "1":
        with socket.socket(fileno=FIRST_DESCRIPTOR) as listening, listening.accept()[0] as connection:
            said = follow(connection, machine)
    else:
        print("the service manager starts this program: perigee-update.socket", file=sys.stderr)
        return 2
    print(json.dumps(said), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
