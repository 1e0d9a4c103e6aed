"""Virtual accounts, tokens, licences, product instances, alerts, events, the export queue."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import Field

from satellite.api.v1.context import QUEUED, VIRTUAL_ACCOUNT, Call, chosen_pool
from satellite.core.accounts.queries import names, virtual_account, virtual_accounts
from satellite.core.activity.queries import events
from satellite.core.alerts.services import alert_dict, book, dismiss_alert, remind_alert
from satellite.core.export_queue.queries import held_units, queue
from satellite.core.instances.queries import find_instance, instance_dict, instances_after
from satellite.core.instances.services import refuse_holder, remove_instance, transfer_instance
from satellite.core.licences.queries import licences
from satellite.core.site.queries import site_of
from satellite.core.tokens import services as token_services
from satellite.core.tokens.queries import token_dict, tokens
from satellite.runtime import Satellite
from serverkit.alerts.engine import place_of
from serverkit.http.lenient_forms import licence_id
from serverkit.http.operations import (
    FLAG,
    TEXT,
    Operation,
    Page,
    Strict,
    cut,
    example,
    list_of,
    object_of,
    paged,
    paged_by,
    paged_log,
)
from serverkit.http.schemas import ALERT, BASE, DONE, EVENT, INSTANCE, LICENCE, TOKEN, Nothing, PoolPage


class NewToken(Strict):
    """A new registration token."""

    model_config = example({"virtual_account": "Site", "days": 30, "uses": 10, "description": "rack 4"})

    virtual_account: str
    days: int = Field(ge=1, le=365)
    uses: int | None = Field(default=None, ge=1, le=1_000_000)
    export_controlled: bool = False
    description: str = ""


class Move(Strict):
    """Where an instance goes."""

    model_config = example({"virtual_account": "Hall 2"})

    virtual_account: str


class AllPage(PoolPage):
    """A page of alerts; `every` adds those put off, dismissed and cleared."""

    every: bool = False


def list_pools(call: Call) -> dict[str, Any]:
    """The virtual accounts of this satellite."""
    rows = virtual_accounts(call.unit)
    return paged([{"id": row.id, "name": row.name, "description": row.description} for row in rows], call.query)


def list_tokens(call: Call) -> dict[str, Any]:
    """Registration tokens."""
    return paged(tokens(call.unit, names(call.unit), chosen_pool(call)), call.query)


def create_token(call: Call) -> dict[str, Any]:
    """Make a registration token."""
    body: NewToken = call.body
    row, text = token_services.create_token(
        call.unit,
        call.server.keyring.box,
        virtual_account(call.unit, body.virtual_account),
        days=body.days,
        uses=body.uses,
        export_controlled=body.export_controlled,
        description=body.description,
    )
    return {**token_dict(row, body.virtual_account, call.unit), "token": text}


def revoke_token(call: Call) -> dict[str, Any]:
    """Revoke a registration token."""
    row = token_services.revoke_token(call.unit, token_services.find_token(call.unit, call.path["token"]))
    return token_dict(row, names(call.unit).get(row.virtual_account_id, ""), call.unit)


def remove_token(call: Call) -> dict[str, Any]:
    """Remove a revoked or expired registration token."""
    token_services.remove_token(call.unit, token_services.find_token(call.unit, call.path["token"]))
    return {"done": True}


def list_licences(call: Call) -> dict[str, Any]:
    """Licences: purchased, in use, balance."""
    rows = licences(call.unit, names(call.unit), chosen_pool(call))
    return paged([{**row, "id": licence_id(row)} for row in rows], call.query)


def list_instances(call: Call) -> dict[str, Any]:
    """Product instances."""
    page: PoolPage = call.query
    rows = instances_after(
        call.unit,
        names(call.unit),
        site_of(call.unit).name,
        partial(held_units, call.unit),
        virtual_account_id=chosen_pool(call),
        after=page.after,
        most=page.limit + 1,
    )
    return cut(rows, page)


def show_instance(call: Call) -> dict[str, Any]:
    """One product instance."""
    row = find_instance(call.unit, call.path["instance"])
    held = partial(held_units, call.unit)
    return instance_dict(call.unit, row, names(call.unit), site_of(call.unit).name, held)


def move_instance(call: Call) -> dict[str, Any]:
    """Move a product instance to another virtual account of this satellite."""
    target = virtual_account(call.unit, call.body.virtual_account)
    row = transfer_instance(call.unit, find_instance(call.unit, call.path["instance"]), target)
    return {"id": row.id, "virtual_account": target.name}


def drop_instance(call: Call) -> dict[str, Any]:
    """Remove a product instance; one that holds restricted licences stays."""
    row = find_instance(call.unit, call.path["instance"])
    refuse_holder(call.unit, row.id)
    remove_instance(call.unit, row)
    return {"id": row.id, "removed": True}


def list_alerts(call: Call) -> dict[str, Any]:
    """Alerts, the most urgent first: by severity, when action is due, age and id."""
    pool = chosen_pool(call)
    rows = book().open_ones(call.unit, every=call.query.every)
    items = [(place_of(row), alert_dict(row)) for row in rows if pool in {None, row.subject.get("virtual_account")}]
    return paged_by(items, call.query, lambda last: book().place(call.unit, last))


def dismiss(call: Call) -> dict[str, Any]:
    """Dismiss an alert until its condition recurs."""
    return alert_dict(dismiss_alert(call.unit, call.path["alert"]))


def remind(call: Call) -> dict[str, Any]:
    """Put an alert off until its next step."""
    return alert_dict(remind_alert(call.unit, call.path["alert"]))


def list_events(call: Call) -> dict[str, Any]:
    """The event log, newest first."""
    return paged_log(events(call.unit, chosen_pool(call)), call.query)


def list_queue(call: Call) -> dict[str, Any]:
    """Restricted licences on their way."""
    return paged(queue(call.unit, chosen_pool(call)), call.query)


Op = Operation[Satellite]
ONE = f"{BASE}instances/{{instance}}"
OPERATIONS = (
    Op(
        "list_virtual_accounts", "GET", f"{BASE}virtual-accounts", "List virtual accounts.", list_pools,
        list_of(VIRTUAL_ACCOUNT), Page,
    ),
    Op("list_tokens", "GET", f"{BASE}tokens", "List registration tokens.", list_tokens, list_of(TOKEN), PoolPage),
    Op(
        "create_token", "POST", f"{BASE}tokens", "Make a registration token; the answer holds its text.", create_token,
        {**TOKEN, "properties": {**TOKEN["properties"], "token": TEXT}}, body=NewToken, changes=True,
    ),
    Op(
        "revoke_token", "POST", f"{BASE}tokens/{{token}}/revoke", "Revoke a registration token.", revoke_token, TOKEN,
        body=Nothing, changes=True,
    ),
    Op(
        "remove_token", "DELETE", f"{BASE}tokens/{{token}}", "Remove a revoked or expired registration token.",
        remove_token, DONE, changes=True,
    ),
    Op("list_licences", "GET", f"{BASE}licences", "List licences.", list_licences, list_of(LICENCE), PoolPage),
    Op("list_instances", "GET", f"{BASE}instances", "List instances.", list_instances, list_of(INSTANCE), PoolPage),
    Op("show_instance", "GET", ONE, "Show a product instance.", show_instance, INSTANCE),
    Op(
        "transfer_instance", "POST", f"{ONE}/transfer", "Move a product instance.", move_instance,
        object_of(id=TEXT, virtual_account=TEXT), body=Move, changes=True,
    ),
    Op(
        "remove_instance", "DELETE", ONE, "Remove a product instance.", drop_instance,
        object_of(id=TEXT, removed=FLAG), changes=True,
    ),
    Op("list_alerts", "GET", f"{BASE}alerts", "List alerts.", list_alerts, list_of(ALERT), AllPage),
    Op(
        "dismiss_alert", "POST", f"{BASE}alerts/{{alert}}/dismiss", "Dismiss an alert.", dismiss, ALERT,
        body=Nothing, changes=True,
    ),
    Op(
        "remind_alert", "POST", f"{BASE}alerts/{{alert}}/remind", "Put an alert off.", remind, ALERT,
        body=Nothing, changes=True,
    ),
    Op("list_events", "GET", f"{BASE}events", "List events.", list_events, list_of(EVENT), PoolPage),
    Op(
        "list_export_queue", "GET", f"{BASE}export-queue", "List restricted licences on their way.", list_queue,
        list_of(QUEUED), PoolPage,
    ),
)  # fmt: skip
