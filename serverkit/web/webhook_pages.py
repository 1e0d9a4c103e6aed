"""Pages of webhooks, alike in both consoles: the receivers, adding one, its test, the log of deliveries (row B20)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from serverkit.http.operations import Needed
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.forms import Choice, NoFields
from serverkit.web.mail_words import STATES
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (  # fmt: skip
    Act,
    Column,
    Empty,
    Figure,
    Filter,
    Item,
    Moment,
    Rows,
    State,
    Table,
    Wanted,
    from_list,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url
from serverkit.web.webhook_forms import AGAIN, LEAST, NEW, REMOVE, STATE_WORDS, TEST, TYPES, NewWebhook
from serverkit.web.windowed import rows_of
from serverkit.webhooks.acts import WebhookActs

ROW, HELP = "B20", "webhooks"
TITLE, LOG = _("Webhooks"), _("Deliveries")


@dataclass(frozen=True)
class WebhookPages:
    """The pages of one console: its use cases, the address of the list, and what stands around its pages."""

    acts: WebhookActs[Any]
    root: str
    manage: Needed
    nav: str
    crumbs: tuple[tuple[Words, str], ...] = ()

    @property
    def log_path(self) -> str:
        """The address of the log of deliveries."""
        return self.root.removesuffix("webhooks") + "webhook-deliveries"

    @property
    def below(self) -> tuple[tuple[Words, str], ...]:
        """The crumbs of a page below the list."""
        return (*self.crumbs, (TITLE, self.root))

    @cached_property
    def hooks(self) -> Table:
        """The receivers."""
        return Table(
            "webhooks",
            TITLE,
            self.root,
            (
                Column("name", _("Name"), sub="url", sort=True, fixed=True, phone=True, link=self._link),
                Column("alerts", _("Alerts"), value=lambda one: LEAST[one["alerts"]], phone=True),
                Column("events", _("Events"), value=lambda one: ", ".join(one["events"]) or "–"),
                Figure("waiting", _("Waiting"), link=lambda one: self._log_of(one, "waiting")),
                Figure("failed", _("Given up"), phone=True, link=lambda one: self._log_of(one, "failed")),
                Column("created_by", _("Added by"), shown=False),
                Moment("created_at", _("Added"), sort=True),
            ),
            self._hook_rows,
            sort="name",
            acts=(Act(_("Remove"), lambda one: f"{self._link(one)}/remove", cast("Any", self.manage), danger=True),),
            empty=Empty(
                _("No webhooks yet"),
                _("A webhook tells another program of events and alerts, by a signed request within a minute."),
                (_("Add webhook"), f"{self.root}/new"),
                cast("Any", self.manage),
            ),
        )

    @cached_property
    def log(self) -> Table:
        """The deliveries."""
        judge, act = self._judge, self._send_again
        return Table(
            "webhook-deliveries",
            LOG,
            self.log_path,
            (
                Column(
                    "about", _("Content"), self._about, link=self._delivery_link, sub="name", fixed=True, phone=True
                ),
                State("state", _("State"), STATE_WORDS, phone=True),
                Column("last_error", _("Cause of the last failure")),
                Figure("attempts", _("Attempts")),
                Moment("at", _("Written"), sort=True, phone=True),
                Moment("sent_at", _("Sent"), shown=False),
                Moment("next_attempt", _("Next attempt")),
            ),
            lambda page, wanted: rows_of(page, self.acts.list_window, wanted),
            sort="-at",
            filters=(
                Filter("q", _("Content or cause"), "text"),
                Filter("webhook", _("Webhook"), choices=self._choices),
                Filter("state", _("State"), choices=tuple(Choice(name, said[0]) for name, said in STATES.items())),
            ),
            bulk=(Bulk("redeliver", _("Send again"), self.manage, judge, act, ROW),),
            empty=Empty(_("No deliveries yet"), _("Sent deliveries stay here for 30 days.")),
        )

    @cached_property
    def urls(self) -> tuple[Url, ...]:
        """The addresses of these pages."""
        hook, one = f"{self.root}/{{id}}", f"{self.log_path}/{{id}}"
        of = self.manage
        return (
            Url("GET", self.root, self._list, of, ROW, table=self.hooks),
            Url("GET", f"{self.root}/new", self._new, of, ROW),
            Url("POST", f"{self.root}/new", self._make, of, ROW, form=NewWebhook, twin="add_webhook"),
            Url("GET", hook, self._show, of, ROW, load=self._find),
            Url("POST", f"{hook}/test", self._test, of, ROW, form=NoFields, again=self._show, alone=True),
            Url("GET", f"{hook}/remove", self._ask, of, ROW, load=self._find),
            Url("POST", f"{hook}/remove", self._remove, of, ROW, form=NoFields, load=self._find, grade=Grade.DIALOG),
            Url("GET", self.log_path, self._log_page, of, ROW, table=self.log),
            *bulk_urls(self.log),
            Url("GET", one, self._delivery, of, ROW, load=self._find_delivery),
            Url("POST", f"{one}/redeliver", self._redeliver, of, ROW, form=NoFields, load=self._find_delivery,
                again=self._delivery),
        )  # fmt: skip

    def _link(self, one: Item) -> str:
        return f"{self.root}/{one['id']}"

    def _delivery_link(self, one: Item) -> str:
        return f"{self.log_path}/{one['id']}"

    def _log_of(self, one: Item, state: str) -> str:
        return f"{self.log_path}?webhook={one['id']}&state={state}"

    @staticmethod
    def _about(one: Item) -> Words:
        kind = TYPES.get(one["type"], one["type"])
        return _("{kind}: {text}", kind=kind, text=one["about"])

    def _hook_rows(self, page: Page, wanted: Wanted) -> Rows:
        return from_list(self.hooks, self.acts.list_hooks(page.unit), wanted)

    def _choices(self, page: Page) -> list[Choice]:
        return [Choice(one["id"], one["name"]) for one in self.acts.list_hooks(page.unit)]

    def _judge(self, _page: Page, items: Any, _read: Any) -> list[Judged]:
        return [Judged(one["id"], str(self._about(one)), None, _("Is sent again within a minute.")) for one in items]

    def _send_again(self, page: Page, item: Item, _read: Any) -> Words:
        self.acts.redeliver(page.unit, item["id"])
        return _("is sent again")

    def _commands(self, *words: str) -> str:
        return "\n".join(f"{self.acts.program} webhook {one}" for one in words)

    def _list(self, page: Page) -> Answer:
        context = {
            "new": f"{self.root}/new",
            "log": self.log_path,
            "command": self._commands("list", "add https://hooks.site.example/perigee --alerts minor --event 'user:*'"),
        }
        return table_page(page, self.hooks, template="webhooks.html", context=context, **self._around(self.crumbs))

    def _log_page(self, page: Page) -> Answer:
        context = {"command": self._commands("deliveries", "redeliver DELIVERY")}
        return table_page(page, self.log, template="webhooks.html", context=context, **self._around(self.below))

    def _around(self, crumbs: tuple[tuple[Words, str], ...]) -> dict[str, Any]:
        return {"help": HELP, "crumbs": crumbs, "nav": self.nav}

    def _new(self, page: Page) -> Answer:
        view = NEW.view(page, f"{self.root}/new", cancel=self.root)
        return self._page("webhook-new", _("New webhook"), "form_page.html", {"view": view})

    def _make(self, page: Page) -> Answer:
        read = cast("NewWebhook", page.read)
        more: dict[str, Any] = {"name": read.name, "events": read.events, "least": read.alerts}
        made = self.acts.add(page.server, page.unit, read.url, **more)
        context = {"secret_text": made["secret"], "one": made, "back": self._link(made)}
        return self._page("webhook-made", _("Webhook added"), "webhook_made.html", context)

    def _find(self, page: Page) -> dict[str, Any]:
        return self.acts.show(page.unit, page.parts["id"])

    def _show(self, page: Page) -> Answer:
        one = page.thing if page.thing is not None else self._find(page)  # after a test, nothing was loaded
        context = {
            "one": one,
            "alerts": LEAST[one["alerts"]],
            "view": TEST.view(page, f"{self._link(one)}/test", quiet=True),
            "log": f"{self.log_path}?webhook={one['id']}",
            "remove": f"{self._link(one)}/remove",
            "command": self._commands(f"test {one['id']}", f"remove {one['id']}"),
        }
        return self._page("webhook", one["name"], "webhook.html", context)

    def _test(self, page: Page) -> Answer:
        found = self.acts.test(page.server, page.actor, page.parts["id"])
        return Moved(f"{self.root}/{found['id']}", _("{name} took the test.", name=found["name"]))

    def _ask(self, page: Page) -> Answer:
        one = page.thing
        context = {
            "view": REMOVE.view(page, f"{self._link(one)}/remove", cancel=self.root, danger=True),
            "effect": _("Remove {name}? Its deliveries are removed too, also those that wait.", name=one["name"]),
            "effects": (),
            "about": ((_("Address"), one["url"]),),
        }
        return self._page("webhook-remove", _("Remove webhook"), "confirm.html", context)

    def _remove(self, page: Page) -> Answer:
        found = self.acts.remove(page.unit, page.thing["id"])
        return Moved(self.root, _("{name} is removed.", name=found["name"]))

    def _find_delivery(self, page: Page) -> dict[str, Any]:
        return self.acts.show_delivery(page.unit, page.parts["id"])

    def _delivery(self, page: Page) -> Answer:
        one = page.thing
        words, severity = STATES[one["state"]]
        context = {
            "one": one,
            "kind": TYPES.get(one["type"], one["type"]),
            "hook": self.root + "/" + one["webhook"],
            "words": words,
            "sign": severity,
            "body": json.dumps(one["body"], indent=1, ensure_ascii=False),
            "view": AGAIN.view(page, f"{self._delivery_link(one)}/redeliver", quiet=True),
            "command": self._commands(f"show {one['id']}", f"redeliver {one['id']}"),
        }
        around = self._around((*self.below, (LOG, self.log_path)))
        return Shown("webhook-delivery", _("Delivery"), "webhook_delivery.html", context, **around)

    def _redeliver(self, page: Page) -> Answer:
        self.acts.redeliver(page.unit, page.thing["id"])
        return Moved(self._delivery_link(page.thing), _("The delivery is sent again within a minute."))

    def _page(self, name: str, title: Words, template: str, context: Mapping[str, Any]) -> Shown:
        return Shown(name, title, template, context, **self._around(self.below))
