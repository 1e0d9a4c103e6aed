"""Tables of questions that need no file: canonical JSON, signed bytes, order of files, compliance, numbers of messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from exchange.canonical import JsonObject, b64decode, decode, digest, encode, parse_time
from exchange.compliance import LotView, Pool, choose_lots, expiry_step, judge_pool, lot_phase, purchased
from exchange.device.rules import judge_counter
from exchange.envelope import pae
from exchange.errors import ExchangeError
from exchange.files.order_check import KnownRequests, judge_request, judge_response
from exchange.files.sync_request import Applied, ChainEntry, SyncRequest
from exchange.files.sync_response import SyncResponse
from exchange.statements import CentralHead
from exchange.vocabulary import LicenceType
from tools.vectors import world

_MOST = 1024 * 1024


def answer(table: JsonObject) -> JsonObject:
    """The answers of a table, one for each case."""
    rule = RULES[table["table"]]
    return {"answers": [rule(case) for case in table["cases"]]}


def _canonical_read(case: JsonObject) -> JsonObject:
    try:
        return {"ok": decode(b64decode(case["bytes"]), max_bytes=case.get("max_bytes", _MOST))}
    except ExchangeError as error:
        return {"code": error.code}


def _canonical_write(case: JsonObject) -> str:
    return digest(encode(case["value"]))


def _signed_bytes(case: JsonObject) -> str:
    return digest(pae(case["type"], b64decode(case["payload"])))


def _pairs(entries: list[list[Any]]) -> dict[tuple[int, int], str]:
    return {(epoch, number): found for epoch, number, found in entries}


def _request_order(case: JsonObject) -> str:
    known = case["known"]
    request: SyncRequest = replace(
        world.SYNC_REQUEST,
        epoch=case["epoch"],
        epoch_id=case["epoch_id"],
        seq=case["seq"],
        chain=tuple(ChainEntry.from_dict(entry) for entry in case["chain"]),
    )
    head = None
    if case["head"] is not None:
        head = CentralHead(world.VENDOR, world.SATELLITE, **case["head"], created=world.MADE)
    return judge_request(
        KnownRequests(
            known["epoch"],
            known["epoch_id"],
            known["last_seq"],
            known["last_rseq"],
            _pairs(known["answered"]),
            _pairs(known["named"]),
        ),
        request,
        case["digest"],
        head,
    ).value


def _response_order(case: JsonObject) -> str:
    response: SyncResponse = replace(
        world.SYNC_RESPONSE,
        epoch=case["epoch"],
        epoch_id=case["epoch_id"],
        rseq=case["rseq"],
        answers_seq=case["answers_seq"],
        answers_digest=case["answers_digest"],
        base=Applied.from_dict(case["base"]),
    )
    applied = Applied.from_dict(case["applied"])
    return judge_response(applied, case["own_requests"], case["own_epoch_id"], response, case["digest"]).value


def _lots(case: JsonObject) -> list[LotView]:
    return [
        LotView(
            lot["id"],
            LicenceType(lot["licence_type"]),
            lot["quantity"],
            parse_time(lot["start"]) if lot["start"] else None,
            parse_time(lot["end"]) if lot["end"] else None,
        )
        for lot in case["lots"]
    ]


def _pool(case: JsonObject) -> JsonObject:
    verdict = judge_pool(Pool(**case))
    return {"balance": verdict.balance, "status": verdict.status.value, "shortage": verdict.shortage}


def _lot_choice(case: JsonObject) -> JsonObject:
    lots, now = _lots(case), parse_time(case["now"])
    return {
        "purchased": purchased(lots, now),
        "phases": [lot_phase(lot.start, lot.end, now).value for lot in lots],
        "chosen": [list(pair) for pair in choose_lots(lots, case["wanted"], now)],
    }


def _expiry(case: JsonObject) -> int | None:
    return expiry_step(parse_time(case["end"]), parse_time(case["now"]))


def _counter(case: JsonObject) -> str:
    return judge_counter(case["last"], case["last_digest"], case["counter"], case["digest"]).value


RULES: Mapping[str, Callable[[JsonObject], object]] = {
    "canonical-read": _canonical_read,
    "canonical-write": _canonical_write,
    "signed-bytes": _signed_bytes,
    "request-order": _request_order,
    "response-order": _response_order,
    "pool": _pool,
    "lots": _lot_choice,
    "expiry": _expiry,
    "counter": _counter,
}
