"""What receivers are told: news since the last look, each by itself or, where there are many, one summary.

Events and alerts are written in the transaction of the change, and are numbered or dated there. The job that calls this
writes the deliveries and how far a receiver was told in one transaction: nothing is left out and nothing told twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import func, select

from serverkit.alerts.engine import Severity
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.outbox import put
from serverkit.webhooks.models import Body, DeliveryMixin, WebhookMixin

EACH, SHOWN, MOST_WAITING = 20, 10, 100
"""As many news are told one by one; a summary shows as many of them; a receiver with as many waiting is told later."""
OVERLAP = timedelta(minutes=15)
"""A transaction that lasts may commit an alert after others that were raised later."""
KIND = "webhook"
_ORDER = (Severity.MAJOR, Severity.MINOR, Severity.INFORMATIONAL)


@dataclass(frozen=True)
class News:
    """What a server can tell.

    `heads`: the number of the newest event by stream. `counts`: how many events of which kind a stream has between two
    numbers. `events`: those events, the oldest first, or the newest of them with `last`. `alerts`: id, when it was raised
    and severity of alerts raised since. `alert`: one of them as it is told.
    """

    kinds: Collection[str]
    name: Callable[[Unit], str]
    heads: Callable[[Unit], Mapping[str, int]]
    counts: Callable[[Unit, str, int, int, Collection[str]], Mapping[str, int]]
    events: Callable[[Unit, str, int, int, Collection[str], int], list[Body]]
    alerts: Callable[[Unit, datetime, Collection[str]], list[tuple[str, datetime, str]]]
    alert: Callable[[Unit, str], Body]

    def chosen(self, patterns: Collection[str]) -> set[str]:
        """The kinds of events that some patterns choose."""
        return {kind for kind in self.kinds if any(fnmatchcase(kind, one) for one in patterns)}


def severities(least: str) -> tuple[str, ...]:
    """The severities from the least one up."""
    return () if least == "none" else tuple(one.value for one in _ORDER[: _ORDER.index(Severity(least)) + 1])


def begin(unit: Unit, row: WebhookMixin, news: News) -> None:
    """Tell a new receiver nothing that is older than itself."""
    row.reached, row.since = dict(news.heads(unit)), unit.now
    row.told = [_mark(one) for one in news.alerts(unit, unit.now - OVERLAP, severities(row.least))]


def queue(unit: Unit, hooks: type[WebhookMixin], table: type[DeliveryMixin], news: News, program: str) -> int:
    """Write a delivery for whatever a receiver is to be told; how many."""
    rows = list(unit.session.scalars(select(hooks).order_by(hooks.id)))
    if not rows:
        return 0
    heads, name = news.heads(unit), news.name(unit)
    busy = select(table.webhook_id, func.count()).where(table.due_at.is_not(None)).group_by(table.webhook_id)
    waiting: dict[str, int] = dict(unit.session.execute(busy).all())
    written = 0
    for row in rows:
        if waiting.get(row.id, 0) >= MOST_WAITING:
            continue  # what happens meanwhile is told later, in one summary
        for kind, data in [*_events(unit, row, news, heads), *_alerts(unit, row, news)]:
            put_delivery(unit, table, row.id, body_of(program, name, unit.now, kind, data))
            written += 1
    return written


def body_of(program: str, name: str, at: datetime, kind: str, data: Body) -> Body:
    """What a receiver gets."""
    return {"type": kind, "timestamp": iso(at), "server": {"program": program, "name": name}, "data": data}


def put_delivery(unit: Unit, table: type[DeliveryMixin], webhook_id: str, body: Body) -> None:
    """Write a delivery into the outbox."""
    put(unit, table, KIND, {"webhook": webhook_id, "body": body}).webhook_id = webhook_id


def _events(unit: Unit, row: WebhookMixin, news: News, heads: Mapping[str, int]) -> list[tuple[str, Body]]:
    kinds = news.chosen(row.events)
    fresh = {stream: head for stream, head in heads.items() if head > row.reached.get(stream, 0)} if kinds else {}
    told = [(stream, row.reached.get(stream, 0), head) for stream, head in sorted(fresh.items())]
    row.reached = {**row.reached, **heads}
    counts: Counter[str] = Counter()
    for stream, after, upto in told:
        counts.update(news.counts(unit, stream, after, upto, kinds))
    total = counts.total()
    if not total:
        return []
    most = EACH if total <= EACH else SHOWN
    found = [one for stream, after, upto in told for one in news.events(unit, stream, after, upto, kinds, most)]
    found.sort(key=lambda one: str(one["at"]))
    if total <= EACH:
        return [("event", one) for one in found]
    return [("event.summary", {"count": total, "kinds": dict(sorted(counts.items())), "newest": found[-SHOWN:]})]


def _alerts(unit: Unit, row: WebhookMixin, news: News) -> list[tuple[str, Body]]:
    chosen = severities(row.least)
    if not chosen:
        return []
    seen = news.alerts(unit, row.since - OVERLAP, chosen)
    known = set(row.told)
    fresh = [one for one in seen if _mark(one) not in known]
    row.since = max([row.since, *(one[1] for one in seen)])
    row.told = [_mark(one) for one in seen if one[1] > row.since - OVERLAP]
    if len(fresh) <= EACH:
        return [("alert", news.alert(unit, one[0])) for one in fresh]
    counts = Counter(one[2] for one in fresh)
    newest = [news.alert(unit, one[0]) for one in fresh[-SHOWN:]]
    return [("alert.summary", {"count": len(fresh), "severities": dict(sorted(counts.items())), "newest": newest})]


def _mark(found: tuple[str, datetime, str]) -> str:
    return f"{found[0]}@{iso(found[1])}"


def as_bytes(body: Mapping[str, Any]) -> bytes:
    """What a receiver gets, as it is signed and sent."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def told_of(body: Body) -> str:
    """What a delivery is about, in a few words."""
    data: dict[str, Any] = body.get("data", {})
    count = data.get("count")
    return f"{count} in one summary" if count is not None else str(data.get("message", ""))[:200]
