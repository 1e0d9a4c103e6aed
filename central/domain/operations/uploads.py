"""Files that people send for tasks or that tasks make, part by part in the database, where every node finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import BinaryIO

from sqlalchemy import delete, insert, select

from central.domain.operations.models import UploadPart
from serverkit.actor import Actor
from serverkit.db.unit import Database, Unit
from serverkit.ids import new_id

PART_BYTES, KEPT = 1024 * 1024, timedelta(days=7)


def keep_upload(database: Database, actor: Actor, stream: BinaryIO) -> str:
    """Keep a file in units of its own; the id of the upload. What was left behind for a week is deleted."""
    upload, number = new_id(), 0
    while content := stream.read(PART_BYTES):
        with database.write(actor) as unit:
            row = {"upload_id": upload, "part": number, "at": unit.now, "content": content}
            unit.session.execute(insert(UploadPart), [row])
            if not number:
                unit.session.execute(delete(UploadPart).where(UploadPart.at < unit.now - KEPT))
        number += 1
    return upload


def keep_made(database: Database, actor: Actor, upload: str, chunks: Iterable[bytes]) -> int:
    """Keep a file that a task makes under an id, a part in each unit; the number of its bytes."""
    held, number, size = bytearray(), 0, 0

    def write(content: bytes, last: bool) -> None:
        def put(unit: Unit) -> None:
            row = {"upload_id": upload, "part": number, "at": unit.now, "content": content}
            unit.session.execute(insert(UploadPart), [row])
            if last:
                unit.session.execute(delete(UploadPart).where(UploadPart.at < unit.now - KEPT))

        database.run(actor, put)

    for chunk in chunks:
        held += chunk
        size += len(chunk)
        while len(held) >= PART_BYTES:
            write(bytes(held[:PART_BYTES]), last=False)
            del held[:PART_BYTES]
            number += 1
    write(bytes(held), last=True)
    return size


def is_kept(unit: Unit, upload: str) -> bool:
    """Whether the parts of a file are there."""
    query = select(UploadPart.part).where(UploadPart.upload_id == upload)
    return unit.session.scalar(query.limit(1)) is not None


def upload_parts(database: Database, actor: Actor, upload: str) -> Iterator[bytes]:
    """The parts of an upload, each read by itself; nothing where it is gone."""
    number = 0
    while True:
        query = select(UploadPart.content).where(UploadPart.upload_id == upload, UploadPart.part == number)
        with database.read(actor) as unit:
            content = unit.session.scalar(query)
        if content is None:
            return
        yield content
        number += 1


def drop_upload(database: Database, actor: Actor, upload: str) -> None:
    """Delete an upload."""
    with database.write(actor) as unit:
        forget_upload(unit, upload)


def forget_upload(unit: Unit, upload: str) -> None:
    """Delete an upload within a unit."""
    unit.session.execute(delete(UploadPart).where(UploadPart.upload_id == upload))
