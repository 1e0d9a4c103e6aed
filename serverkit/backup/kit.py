"""The emergency kit: one sheet that says what a restore needs and how it goes, for who stands before an empty machine.

It holds no secret. The key for the copies off the machine is in it only on demand, encrypted with the passphrase of the
backups in the form of a backup's file, in base64 between two lines.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from serverkit.alerts.texts import said
from serverkit.backup.container import new_header, read_header, read_pieces, write_pieces
from serverkit.backup.errors import BackupDamagedError, NotABackupError
from serverkit.errors import Filled

BEGIN, END = "-----BEGIN PERIGEE SEALED KEY-----", "-----END PERIGEE SEALED KEY-----"
WIDTH = 76
MOST_BYTES = 256 * 1024


def seal_key(program: str, version: str, created: str, key: str, passphrase: bytes) -> str:
    """A key, encrypted with the passphrase of the backups, as lines of text."""
    out, header = io.BytesIO(), new_header(f"{program}-key", version, created, passphrase)
    write_pieces(out, header, passphrase, iter([key.encode()]))
    text = base64.b64encode(out.getvalue()).decode()
    return "\n".join([BEGIN, *(text[at : at + WIDTH] for at in range(0, len(text), WIDTH)), END])


def open_key(text: str, passphrase: bytes) -> str:
    """The key of a kit; NotABackupError where there is none, BackupLockedError, BackupDamagedError."""
    _, begins, rest = text.partition(BEGIN)
    sealed, ends, _ = rest.partition(END)
    if not begins or not ends:
        raise NotABackupError("the file holds no sealed key")
    try:
        file = io.BytesIO(base64.b64decode("".join(sealed.split()), validate=True))
    except (ValueError, binascii.Error) as error:
        raise BackupDamagedError("the sealed key cannot be read") from error
    return b"".join(read_pieces(file, read_header(file), passphrase)).decode("utf-8", "replace")


def steps(found: Mapping[str, Any]) -> Iterator[tuple[Filled, str]]:
    """What to do in its order: a sentence, and the command where there is one."""
    program, target = found["program"], found["target"]
    yield said("Install {program}, this version or a newer one.", program=program), ""
    if target["kind"] == "sftp":
        address = f"{target['user']}@{target['host']}"
        if found["sealed_key"]:
            yield (
                said("Take the key for the copies out of this sheet; it asks for the passphrase of the backups."),
                f"{program} backup kit-key KIT --output key",
            )
        yield (
            said("Fetch the newest copy; the host key has to be the one of this sheet."),
            f"sftp -P {target['port']} -i key {address}:{target['path']}",
        )
    elif target["kind"] == "folder":
        yield said("Mount the share with the copies, and take the newest one."), f"ls -l {target['folder']}"
    else:
        yield said("Take the newest backup from where you keep the copies that you downloaded."), ""
    yield said("See what it holds. The passphrase is asked for."), f"{program} backup preview FILE"
    yield said("Restore it while no server runs."), f"{program} restore FILE"
    yield said("Bring the database to this version, if the program asks for it."), f"{program} upgrade"
    if found["database"] == "left_out":
        yield (
            said("Restore the database with the tools of its own server, to a state that is not newer than the home."),
            "",
        )
    if program == "satellite":
        yield (
            said("Start the server. Make a registration file; central resynchronizes this satellite with it."),
            "satellite registration export --output new.pgx",
        )
    else:
        yield (
            said("Start the server. Make a new authorization for every satellite."),
            "central satellite authorize DOMAIN NAME --output authorization.pgx",
        )


def kit_text(found: Mapping[str, Any]) -> str:
    """The sheet as plain text."""
    lines = [f"Emergency kit of {found['program']} {found['name']}", f"made {found['made']}", ""]
    lines += [f"{label + ':':<28}{value}" for label, value in facts(found)]
    lines += [
        "",
        "The passphrase of the backups is not on this sheet. It is kept by: ______________________________",
        "",
    ]
    for number, (sentence, command) in enumerate(steps(found), 1):
        lines.append(f"{number}. {sentence}")
        lines += [f"     {command}"] if command else []
    if found["sealed_key"]:
        lines += ["", found["sealed_key"]]
    return "\n".join(lines) + "\n"


def facts(found: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """What identifies the server and its backups, in words and values."""
    target = found["target"]
    rows = [
        ("Server", found["name"]),
        ("Id", found["id"]),
        ("Key fingerprint", found["fingerprint"]),
        ("Program", f"{found['program']} {found['version']}"),
        ("Machine", found["machine"]),
        ("Home", found["home"]),
        ("Folder of backups", found["folder"]),
        ("Copies off the machine", target["place"] or "none"),
        ("Host keys there", ", ".join(target["fingerprints"])),
        ("Newest verified backup", found["newest"] or "none"),
        ("Made", found["newest_made"] or ""),
        ("Last rehearsal", found["rehearsed"]),
    ]
    return [(label, value) for label, value in rows if value]
