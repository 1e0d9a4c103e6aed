"""From signed evidence to rights: what the device may use, decided offline (rows D2, S4.2, S4.4).

Checks, in this order, for an ordinary licence: the answer is signed by a satellite (or central) that the pinned root
vouches for; it answers this device's own message; its end has not come; central's own signed allotment for the site
names the licence and has not ended. For a restricted licence: central's grant names this device's key and UDI, was
installed before `deliver_until`, is inside its term, and was not returned by this device.
"""

from __future__ import annotations

from datetime import datetime

from agent.states import Right
from agent.store import DeviceState, to_bytes
from exchange.canonical import parse_time
from exchange.compliance import LotView, Stock, Use, judge_licence, stock_of
from exchange.device.detaching import authorization_in
from exchange.device.licence_bodies import AuthorizeResult
from exchange.device.messages import DeviceAnswer, read_device_answer
from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.statements import Allotment, Grant, open_allotment, open_grant
from exchange.trust import Trust


def verified_answer(state: DeviceState, trust: Trust) -> AuthorizeResult | None:
    """Verify the stored answer again; None when there is none or it does not hold."""
    kept = state.evidence
    if kept is None:
        return None
    try:
        answer: DeviceAnswer
        answer, _ = read_device_answer(
            to_bytes(kept.body), trust=trust, expected=(kept.digest, kept.nonce), now=parse_time(kept.received_at)
        )
        if answer.satellite != state.satellite or answer.instance != state.instance:
            return None
        return authorization_in(answer.op, answer.result)
    except ExchangeError:
        return None


def allotments_of(
    result: AuthorizeResult, trust: Trust, satellite: str | None, at: datetime
) -> tuple[dict[str, Allotment], dict[str, Stock]]:
    """Open central's allotment lines: by licence the one that lasts longest, and what the lines allot at a moment."""
    found: dict[str, Allotment] = {}
    owned: dict[str, Stock] = {}
    for envelope in result.allotments:
        try:
            line = open_allotment(envelope, trust)
        except ExchangeError:
            continue
        if line.satellite != satellite:
            continue
        if line.tag not in found or line.valid_until > found[line.tag].valid_until:
            found[line.tag] = line
        lot = LotView(line.serial, line.licence_type, line.quantity, line.start, line.end, line.billing)
        owned[line.tag] = owned.get(line.tag, Stock()) + stock_of([lot], at)
    return found, owned


def is_short(stock: Stock, count: int, satellite: str | None) -> bool:
    """Whether one device alone uses more than is allotted: by usage counts at a satellite only (row C3.6)."""
    use = Use(direct=count) if satellite is None else Use(reported=count)
    return judge_licence(stock, use).shortage > 0


def open_own_grant(envelope: dict[str, object], trust: Trust, key_hash: str, udi: Udi) -> Grant | None:
    """Open a grant that names exactly this device; None for any other."""
    try:
        grant = open_grant(envelope, trust)
    except ExchangeError:
        return None
    return grant if grant.key_hash == key_hash and grant.udi.key == udi.key else None


def rights_of(state: DeviceState, trust: Trust | None, key_hash: str) -> dict[str, Right]:
    """Derive every right the device has from what was signed; the caller compares `valid_until` with its clock."""
    if trust is None or state.udi is None or state.registration != "complete":
        return {}
    rights: dict[str, Right] = {}
    result = verified_answer(state, trust)
    if result is not None:
        lines, owned = allotments_of(result, trust, state.satellite, result.issued)
        for entry in result.entitlements:
            end: datetime | None = entry.valid_until or result.valid_until
            verdict = entry.state.value
            line = lines.get(entry.tag)
            if verdict == "authorized":
                if line is None:
                    verdict = "invalid"
                elif is_short(owned[entry.tag], entry.count, state.satellite):
                    verdict = "out_of_compliance"
                else:
                    end = min(end, line.valid_until) if end is not None else line.valid_until
            rights[entry.tag] = Right(entry.tag, entry.count, verdict, end)
    return rights | _granted(state, trust, key_hash)


def _granted(state: DeviceState, trust: Trust, key_hash: str) -> dict[str, Right]:
    udi = Udi.from_dict(state.udi or {})
    found: dict[str, Right] = {}
    for held in state.grants.values():
        if held.returned is not None or held.released:
            continue
        grant = open_own_grant(held.envelope, trust, key_hash, udi)
        if grant is None:
            continue
        before = found.get(grant.tag)
        count = grant.quantity + (before.count if before else 0)
        end = min(grant.not_after, before.valid_until) if before and before.valid_until else grant.not_after
        found[grant.tag] = Right(grant.tag, count, "authorized", end, restricted=True)
    return found
