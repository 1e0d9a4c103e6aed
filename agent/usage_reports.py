"""Measures use over time, and reports it (row S4.6): each report has a number, and is sent until the server has booked it."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.conversation import Conversation
from agent.errors import NotRegisteredError, ServerRefusedError
from agent.store import DeviceState, Measured, Running
from exchange.canonical import iso, parse_time
from exchange.device.licence_bodies import StatementBody
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.statements import UsageReport, seal_usage_report
from exchange.usage import MEASUREMENTS, Measurement, UsageResult
from exchange.vocabulary import DeviceOp

MOST_MEASURED = 512
"""So many measurements wait at most; beyond that, older ones of a licence are joined, with the higher count."""

SHORTEST = timedelta(minutes=1)
"""What began less than so long ago is reported with the next report."""


def measure(state: DeviceState, now: datetime) -> None:
    """Close what is no longer used like that, begin what is new; only a registered device measures."""
    log, wanted = state.usage, state.uses if state.registration == "complete" else {}
    for tag, running in [*log.running.items()]:
        if wanted.get(tag) != running.count:
            _close(state, tag, now)
            del log.running[tag]
    for tag, count in wanted.items():
        log.running.setdefault(tag, Running(count, iso(now)))


def _close(state: DeviceState, tag: str, now: datetime) -> None:
    running = state.usage.running[tag]
    if parse_time(running.since) < now and running.since != iso(now):
        state.usage.measured.append(Measured(tag, running.count, running.since, iso(now)))
        _join(state.usage.measured)


def _join(measured: list[Measured]) -> None:
    if len(measured) <= MOST_MEASURED:
        return
    oldest = measured.pop(0)
    later = next((one for one in measured if one.tag == oldest.tag), None)
    if later is not None:
        later.count, later.start = max(later.count, oldest.count), oldest.start


def report(talk: Conversation, state: DeviceState, key: PrivateKey, now: datetime) -> UsageResult | None:
    """Report everything that was measured until now; None where nothing ever was.

    Where nothing is new, the last report is said again until central has it: the answer says how far it is.
    """
    log = state.usage
    measure(state, now)
    for tag, running in log.running.items():
        since = parse_time(running.since)
        if since + SHORTEST <= now or since > now:
            _close(state, tag, now)
            running.since = iso(now)
    found: UsageResult | None = None
    if log.report is not None and (not log.booked or (not log.measured and log.acknowledged < log.number)):
        found = _say(talk, state, key, now)
    while log.measured:
        some, log.measured = log.measured[:MEASUREMENTS], log.measured[MEASUREMENTS:]
        _sign(state, key, some, now)
        found = _say(talk, state, key, now)
    return found


def _sign(state: DeviceState, key: PrivateKey, some: list[Measured], now: datetime) -> None:
    log = state.usage
    if state.instance is None or state.udi is None:
        raise NotRegisteredError("only a registered device reports its use")
    log.number += 1
    made = UsageReport(
        number=log.number,
        instance=state.instance,
        udi=Udi.from_dict(state.udi),
        key_hash=key.public.key_hash,
        reported_at=now,
        measurements=tuple(Measurement(one.tag, one.count, parse_time(one.start), parse_time(one.end)) for one in some),
    )
    log.report, log.reported, log.booked = seal_usage_report(made, key), some, False


def _say(talk: Conversation, state: DeviceState, key: PrivateKey, now: datetime) -> UsageResult:
    log = state.usage
    try:
        result = _send(talk, state, now)
    except ServerRefusedError as error:
        if error.reason != "usage_number_low":
            raise
        # This device was restored from an older copy of its disk: it goes on above the number that the server knows.
        highest = error.result.get("highest_number")
        log.number = max(log.number, highest if isinstance(highest, int) else 0)
        _sign(state, key, log.reported, now)
        result = _send(talk, state, now)
    log.booked, log.acknowledged = True, result.acknowledged
    return result


def _send(talk: Conversation, state: DeviceState, now: datetime) -> UsageResult:
    body = StatementBody(statement=state.usage.report or {}).to_dict()
    return UsageResult.from_dict(talk.say(DeviceOp.USAGE_REPORT, body, now).answer.result)


def forget(state: DeviceState) -> None:
    """The device leaves its server: what was measured for it says nothing to another one; numbers go on."""
    log = state.usage
    log.running, log.measured, log.report, log.reported, log.booked = {}, [], None, [], True
