"""The second reader: order of files, compliance and numbers of messages, after `docs/format`."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from tests.format.reader_trust import signed_bytes
from tests.format.reader_values import MIB, Refused, canonical, moment, sha256, strict


def answers(table: dict[str, Any]) -> list[Any]:
    """The answers of a table."""
    rule = _RULES[table["table"]]
    return [rule(case) for case in table["cases"]]


def _canonical_read(case: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": strict(base64.b64decode(case["bytes"]), case.get("max_bytes", MIB))}
    except Refused as refusal:
        return {"code": refusal.code}


def _canonical_write(case: dict[str, Any]) -> str:
    return sha256(canonical(case["value"]))


def _signed_bytes(case: dict[str, Any]) -> str:
    return sha256(signed_bytes(case["type"], base64.b64decode(case["payload"])))


def _request_order(case: dict[str, Any]) -> str:
    known, head, place = case["known"], case["head"], (case["epoch"], case["seq"])
    answered = {(epoch, seq): digest for epoch, seq, digest in known["answered"]}
    named = {(epoch, seq): digest for epoch, seq, digest in known["named"]}
    running = (known["epoch"], known["epoch_id"])
    here = (case["epoch"], case["epoch_id"]) == running
    if answered.get(place) == case["digest"]:
        again = "already_answered" if case["seq"] == known["last_seq"] else "superseded"
        return again if here else "resync_required"
    if _is_beyond(head, known):
        return "central_restored"
    if not here:
        return "fork" if case["epoch"] > known["epoch"] else "resync_required"
    if named.get(place) == case["digest"]:
        return "superseded"
    last = (known["epoch"], known["last_seq"])
    follows = any((e["epoch"], e["seq"]) == last and e["digest"] == answered[last] for e in case["chain"])
    return "apply" if case["seq"] > known["last_seq"] and follows else "fork"


def _is_beyond(head: dict[str, Any] | None, known: dict[str, Any]) -> bool:
    if head is None:
        return False
    if (head["epoch"], head["epoch_id"]) == (known["epoch"], known["epoch_id"]):
        later = (head["seq"], head["rseq"]) > (known["last_seq"], known["last_rseq"])
        return later and bool(head["rseq"] > known["last_rseq"])
    return bool(head["epoch"] > known["epoch"])


def _response_order(case: dict[str, Any]) -> str:
    applied, base = case["applied"], case["base"]
    if case["epoch"] < applied["epoch"]:
        return "older_than_applied"
    if case["epoch"] > applied["epoch"] or case["epoch_id"] != case["own_epoch_id"]:
        return "resync_required"
    if case["rseq"] == applied["rseq"]:
        return "already_applied" if case["digest"] == applied["digest"] else "not_mine"
    if case["own_requests"].get(case["answers_digest"]) != case["answers_seq"]:
        return "not_mine"
    if case["rseq"] < applied["rseq"]:
        return "older_than_applied"
    later = (base["epoch"], base["rseq"]) > (applied["epoch"], applied["rseq"])
    return "not_mine" if later else "apply"


def _pool(case: dict[str, Any]) -> dict[str, Any]:
    bound = not case.get("reporting_only", False) and not case.get("by_usage", False)
    balance = case["purchased"] - case["in_use"] if bound else 0
    status = "in_compliance" if balance >= 0 else "out_of_compliance"
    return {"balance": balance, "status": status, "shortage": max(0, -balance)}


def _phase(lot: dict[str, Any], now: datetime) -> str:
    if lot["end"] is not None and now >= moment(lot["end"]):
        return "expired"
    return "future" if lot["start"] is not None and now < moment(lot["start"]) else "active"


def _lots(case: dict[str, Any]) -> dict[str, Any]:
    now, wanted = moment(case["now"]), case["wanted"]
    active = [lot for lot in case["lots"] if _phase(lot, now) == "active"]
    # Sorting is stable: by id, then by end from the furthest, then those without an end to the front.
    queue = sorted((lot for lot in active if lot["quantity"] > 0), key=lambda lot: str(lot["id"]))
    queue.sort(key=lambda lot: str(lot["end"] or ""), reverse=True)
    queue.sort(key=lambda lot: lot["end"] is not None)
    chosen = []
    for lot in queue:
        if wanted > 0:
            chosen.append([lot["id"], min(wanted, lot["quantity"])])
            wanted -= chosen[-1][1]
    return {
        "purchased": sum(lot["quantity"] for lot in active if lot["licence_type"] != "reporting_only"),
        "phases": [_phase(lot, now) for lot in case["lots"]],
        "chosen": chosen,
    }


def _expiry(case: dict[str, Any]) -> int | None:
    left = moment(case["end"]) - moment(case["now"])
    steps = [step for step in (90, 60, 30, 14, 7, 3, 2, 1) if timedelta(days=step) >= left]
    return min(steps) if steps and left > timedelta(0) else None


def _counter(case: dict[str, Any]) -> str:
    if case["counter"] > case["last"]:
        return "new"
    same = (case["counter"], case["digest"]) == (case["last"], case["last_digest"])
    return "repeat" if same else "too_low"


_RULES = {
    "canonical-read": _canonical_read,
    "canonical-write": _canonical_write,
    "signed-bytes": _signed_bytes,
    "request-order": _request_order,
    "response-order": _response_order,
    "pool": _pool,
    "lots": _lots,
    "expiry": _expiry,
    "counter": _counter,
}
