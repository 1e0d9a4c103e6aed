"""Use cases of webhooks at both servers, for commands, programs and pages (row B20).

A server lends its tables, its secrets, its news, how it asks for permission, writes events and refreshes alerts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import String, cast, delete, func, select

from serverkit.actor import Actor, ActorKind
from serverkit.called_addresses import Network
from serverkit.clock import Clock, iso, optional_iso
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Database, Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.errors import AppError, InvalidInputError
from serverkit.files import read_bounded
from serverkit.ids import new_id
from serverkit.names import check_name
from serverkit.outbox import deliver
from serverkit.secrets_box import SecretBox
from serverkit.settings import WebhookSettings
from serverkit.webhooks import news as told
from serverkit.webhooks.errors import (
    TooManyWebhooksError,
    UnknownDeliveryError,
    UnknownWebhookError,
    WebhookFailedError,
)
from serverkit.webhooks.models import LEAST, Body, DeliveryMixin, WebhookMixin
from serverkit.webhooks.news import KIND, News
from serverkit.webhooks.sender import check_url, post
from serverkit.webhooks.signing import headers_of, new_secret

MOST = 20
"""Receivers of one server."""
MOST_AUTHORITIES = 200_000
ACTOR = Actor(ActorKind.JOB, "webhooks", "job webhooks")


class Sending(Protocol):
    """What sending needs of a server."""

    @property
    def clock(self) -> Clock:
        """Its clock."""
        ...

    @property
    def database(self) -> Database:
        """Its database."""
        ...


S = TypeVar("S", bound=Sending)


@dataclass(frozen=True)
class WebhookActs(Generic[S]):
    """Use cases of one server. `record` writes an event: what was done, the words, and the webhook's id."""

    program: str
    hooks: type[WebhookMixin]
    deliveries: type[DeliveryMixin]
    news: News
    box: Callable[[S], SecretBox]
    settings: Callable[[S], WebhookSettings]
    authorize: Callable[[Unit], None]
    record: Callable[[Unit, str, str, str], None]
    refresh: Callable[[Unit], None]

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of events that can be told."""
        return sorted(self.news.kinds)

    def list_hooks(self, unit: Unit) -> list[dict[str, Any]]:
        """List the webhooks with what waits and what was given up; never a secret."""
        self.authorize(unit)
        rows = unit.session.scalars(select(self.hooks).order_by(self.hooks.created_at, self.hooks.id))
        counts = self._counts(unit)
        return [self._shown(row, counts) for row in rows]

    def show(self, unit: Unit, webhook_id: str) -> dict[str, Any]:
        """Show one webhook; UnknownWebhookError."""
        return self._shown(self._find(unit, webhook_id), self._counts(unit))

    def add(
        self, server: S, unit: Unit, url: str, *, name: str = "", events: Sequence[str] = (), least: str = "major"
    ) -> dict[str, Any]:
        """Add a webhook; `secret` is in this answer and in none after it. InvalidInputError, TooManyWebhooksError."""
        self.authorize(unit)
        check_url(url)
        patterns = [*dict.fromkeys(one.strip() for one in events if one.strip())]
        self._check(patterns, least)
        if (unit.session.scalar(select(func.count()).select_from(self.hooks)) or 0) >= MOST:
            raise TooManyWebhooksError
        secret = new_secret()
        row = self.hooks()
        row.id, row.url, row.events, row.least = new_id(), url, patterns, least
        row.name = check_name("name", name.strip() or str(urlsplit(url).hostname))
        row.secret = self.box(server).encrypt(secret)
        row.created_at, row.created_by = unit.now, unit.actor.label
        told.begin(unit, row, self.news)
        unit.session.add(row)
        self.record(unit, "added", f"webhook {row.name} added", row.id)
        unit.session.flush()
        return {**self._shown(row, {}), "secret": secret}

    def remove(self, unit: Unit, webhook_id: str) -> dict[str, Any]:
        """Remove a webhook with its deliveries; UnknownWebhookError."""
        row = self._find(unit, webhook_id)
        unit.session.execute(delete(self.deliveries).where(self.deliveries.webhook_id == row.id))
        unit.session.delete(row)
        self.record(unit, "removed", f"webhook {row.name} removed", row.id)
        self.refresh(unit)
        return {"id": row.id, "name": row.name, "removed": True}

    def test(self, server: S, actor: Actor, webhook_id: str) -> dict[str, Any]:
        """Send a test now, outside of any transaction; WebhookFailedError, WebhookAddressError say what failed and why."""
        with server.database.read(actor) as unit:
            row = self._find(unit, webhook_id)
            url, secret, name = row.url, self.box(server).decrypt(row.secret), row.name
            body = told.body_of(
                self.program, self.news.name(unit), unit.now, "test", {"message": "News of this server arrive."}
            )
        status = self._post(server, new_id(), url, secret, body, self._authorities(server))
        return {"id": webhook_id, "name": name, "status": status, "sent": True}

    def list_deliveries(self, unit: Unit, part: Slice = ALL, webhook_id: str | None = None) -> Listing:
        """List deliveries in the order of their ids, of one webhook where it is named."""
        self.authorize(unit)
        table = self.deliveries
        query = select(table)
        if webhook_id is not None:
            query = query.where(table.webhook_id == self._find(unit, webhook_id).id)
        rows, following = page_of(unit, query, Sorting((table.id,), {"at": (table.at,)}), part)
        names = self._names(unit)
        return Listing([_delivery(row[0], names) for row in rows], following)

    def list_window(self, unit: Unit, part: Part = WHOLE) -> Window:
        """The deliveries for pages, the newest first. Filters: q (content or cause), state, webhook."""
        self.authorize(unit)
        wanted, row = part.wanted, self.deliveries
        query = select(row)
        if text := wanted.get("q"):
            said = func.lower(cast(row.payload, String) + row.last_error)
            query = query.where(said.contains(text.lower(), autoescape=True))
        if hook := wanted.get("webhook"):
            query = query.where(row.webhook_id == hook)
        states = {
            "sent": row.sent_at.is_not(None),
            "waiting": row.due_at.is_not(None),
            "failed": row.sent_at.is_(None) & row.due_at.is_(None),
        }
        if (condition := states.get(wanted.get("state", ""))) is not None:
            query = query.where(condition)
        names = self._names(unit)
        orders = Orders(row.id, {"at": (row.at,)}, "-at")
        return window_of(unit, query, orders, part, lambda rows: [_delivery(one, names) for one in rows])

    def show_delivery(self, unit: Unit, delivery_id: str) -> dict[str, Any]:
        """Show a delivery with what it carries; UnknownDeliveryError."""
        row = self._find_delivery(unit, delivery_id)
        return {**_delivery(row, self._names(unit)), "body": row.payload["body"]}

    def redeliver(self, unit: Unit, delivery_id: str) -> dict[str, Any]:
        """Send a delivery again under its id, and retry it as often as a new one; UnknownDeliveryError."""
        row = self._find_delivery(unit, delivery_id)
        row.sent_at, row.due_at, row.attempts, row.last_error = None, unit.now, 0, ""
        names = self._names(unit)
        self.record(unit, "redelivered", f"a delivery to webhook {names[row.webhook_id]} is sent again", row.webhook_id)
        self.refresh(unit)
        return _delivery(row, names)

    def run(self, server: S) -> str:
        """Write deliveries about what is new, then send what is due, outside of any transaction; the result of the job."""
        with server.database.read(ACTOR) as unit:
            rows = unit.session.scalars(select(self.hooks))
            targets = {row.id: (row.url, self.box(server).decrypt(row.secret)) for row in rows}
        if not targets:
            return ""
        queue = partial(told.queue, hooks=self.hooks, table=self.deliveries, news=self.news, program=self.program)
        server.database.run(ACTOR, queue)
        authorities, silent = self._authorities(server), set[str]()

        def send(delivery_id: str, payload: Body) -> None:
            found = targets.get(payload["webhook"])
            if found is None:
                return  # removed meanwhile, with its deliveries
            if found[0] in silent:
                raise WebhookFailedError("not tried: another delivery of this minute failed")
            try:
                self._post(server, delivery_id, *found, payload["body"], authorities)
            except AppError:
                silent.add(found[0])
                raise

        said = deliver(server.database, self.deliveries, ACTOR, {KIND: send})
        server.database.run(ACTOR, self.refresh)
        return said

    def _post(
        self, server: S, delivery_id: str, url: str, secret: str, body: Mapping[str, Any], authorities: str
    ) -> int:
        data = told.as_bytes(body)
        seconds = int(server.clock.now().timestamp())
        return post(url, headers_of(secret, delivery_id, seconds, data), data, self._allowed(server), authorities)

    def _allowed(self, server: S) -> Sequence[Network]:
        return self.settings(server).networks

    def _authorities(self, server: S) -> str:
        file = self.settings(server).ca_file
        return read_bounded(Path(file), MOST_AUTHORITIES).decode("ascii", "replace") if file else ""

    def _check(self, patterns: Sequence[str], least: str) -> None:
        if least not in LEAST:
            raise InvalidInputError("the least severity is one of {known}", known=", ".join(LEAST))
        unknown = next((one for one in patterns if not self.news.chosen([one])), None)
        if unknown is not None:
            raise InvalidInputError("no event has the kind {kind!r}", kind=unknown[:80])
        if not patterns and least == "none":
            raise InvalidInputError("a webhook is about kinds of events, or about alerts")
        if len(patterns) > len(self.news.kinds):
            raise InvalidInputError("there are fewer kinds of events than that")

    def _find(self, unit: Unit, webhook_id: str) -> WebhookMixin:
        self.authorize(unit)
        row = unit.session.get(self.hooks, webhook_id)
        if row is None:
            raise UnknownWebhookError
        return row

    def _find_delivery(self, unit: Unit, delivery_id: str) -> DeliveryMixin:
        self.authorize(unit)
        row = unit.session.get(self.deliveries, delivery_id)
        if row is None:
            raise UnknownDeliveryError
        return row

    def _names(self, unit: Unit) -> dict[str, str]:
        return {row.id: row.name for row in unit.session.scalars(select(self.hooks))}

    def _counts(self, unit: Unit) -> dict[str, tuple[int, int]]:
        row = self.deliveries
        waiting = func.count(row.due_at)
        lost = func.count() - waiting - func.count(row.sent_at)
        query = select(row.webhook_id, waiting, lost).group_by(row.webhook_id)
        return {one: (int(first), int(second)) for one, first, second in unit.session.execute(query)}

    def _shown(self, row: WebhookMixin, counts: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
        waiting, failed = counts.get(row.id, (0, 0))
        return {
            "id": row.id,
            "name": row.name,
            "url": row.url,
            "events": list(row.events),
            "alerts": row.least,
            "waiting": waiting,
            "failed": failed,
            "created_at": iso(row.created_at),
            "created_by": row.created_by,
        }


def _delivery(row: DeliveryMixin, names: Mapping[str, str]) -> dict[str, Any]:
    body = row.payload["body"]
    return {
        "id": row.id,
        "webhook": row.webhook_id,
        "name": names.get(row.webhook_id, ""),
        "at": iso(row.at),
        "type": body["type"],
        "about": told.told_of(body),
        "state": "sent" if row.sent_at else "waiting" if row.due_at else "failed",
        "attempts": row.attempts,
        "sent_at": optional_iso(row.sent_at),
        "next_attempt": optional_iso(row.due_at),
        "last_error": row.last_error,
    }
