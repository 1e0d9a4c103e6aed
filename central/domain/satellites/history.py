"""The requests of a satellite with their answers, and the files of the newest of them (row C11.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from sqlalchemy import String, cast, delete, insert, select
from sqlalchemy.orm import defer

from central.domain.satellites.errors import FileNotKeptError
from central.domain.satellites.models import AnsweredRequest, RequestPart, Satellite
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.db.windows import Orders, Part, Window, window_of

PART_BYTES, KEPT_REQUESTS = 1024 * 1024, 20
"""How large a part of a file is, and of how many requests of a satellite the files are kept."""
_NAME = cast(AnsweredRequest.epoch, String) + "." + cast(AnsweredRequest.seq, String)
ORDERS = Orders(_NAME, {"number": (AnsweredRequest.epoch, AnsweredRequest.seq)}, "-number")


def answered_requests(unit: Unit, satellite: Satellite, part: Part) -> Window:
    """Requests with their answers, the newest first; number 0 is the authorization file of an epoch."""
    row = AnsweredRequest
    query = select(row).options(defer(row.response, raiseload=True)).where(*_of(satellite), row.rseq.is_not(None))

    def show(rows: list[AnsweredRequest]) -> list[dict[str, Any]]:
        kept = _kept(unit, satellite)
        return [
            {
                "id": f"{one.epoch}.{one.seq}",
                "epoch": one.epoch,
                "sequence": one.seq,
                "response": one.rseq,
                "received_at": iso(one.received_at),
                "digest": one.digest if one.seq else None,
                "response_digest": one.response_digest,
                "counts": dict(one.counts),
                "request_kept": (one.epoch, one.seq) in kept,
            }
            for one in rows
        ]

    return window_of(unit, query, ORDERS, part, show)


def response_of(unit: Unit, satellite: Satellite, epoch: int, seq: int) -> bytes:
    """The answer to a request, byte for byte, or with number 0 the authorization file; FileNotKeptError."""
    query = select(AnsweredRequest.response).where(*_of(satellite), AnsweredRequest.epoch == epoch)
    found = unit.session.scalar(query.where(AnsweredRequest.seq == seq))
    if not found:
        raise FileNotKeptError
    return found


def request_parts(unit: Unit, satellite: Satellite, epoch: int, seq: int) -> Iterator[bytes]:
    """The file of a request in parts; FileNotKeptError where it is not one of the newest."""
    here = (
        RequestPart.account_id == satellite.account_id,
        RequestPart.satellite_id == satellite.id,
        RequestPart.epoch == epoch,
        RequestPart.seq == seq,
    )
    numbers = list(unit.session.scalars(select(RequestPart.part).where(*here).order_by(RequestPart.part)))
    if not numbers:
        raise FileNotKeptError
    for number in numbers:
        yield unit.session.scalars(select(RequestPart.content).where(*here, RequestPart.part == number)).one()


def keep_request(unit: Unit, satellite: Satellite, epoch: int, seq: int, stream: BinaryIO) -> None:
    """Keep the file of a request that was applied, and drop those of all but the newest."""
    stream.seek(0)
    place = {"account_id": satellite.account_id, "satellite_id": satellite.id, "epoch": epoch, "seq": seq}
    number = 0
    while content := stream.read(PART_BYTES):
        unit.session.execute(insert(RequestPart), [{**place, "part": number, "content": content}])
        number += 1
    for old in sorted(_kept(unit, satellite), reverse=True)[KEPT_REQUESTS:]:
        unit.session.execute(
            delete(RequestPart).where(
                RequestPart.account_id == satellite.account_id,
                RequestPart.satellite_id == satellite.id,
                RequestPart.epoch == old[0],
                RequestPart.seq == old[1],
            )
        )


def _of(satellite: Satellite) -> tuple[Any, ...]:
    row = AnsweredRequest
    return row.account_id == satellite.account_id, row.satellite_id == satellite.id


def _kept(unit: Unit, satellite: Satellite) -> set[tuple[int, int]]:
    query = select(RequestPart.epoch, RequestPart.seq).where(
        RequestPart.account_id == satellite.account_id, RequestPart.satellite_id == satellite.id, RequestPart.part == 0
    )
    return {(epoch, seq) for epoch, seq in unit.session.execute(query)}
