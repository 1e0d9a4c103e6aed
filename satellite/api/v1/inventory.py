"""Virtual accounts, tokens, licences, product instances, alerts, events, the export queue."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from exchange.identity import Udi
from satellite.actions import (
    alerts,
    conversions,
    event_log,
    export_queue,
    instances,
    licences,
    tokens,
    unit_replacements,
    virtual_accounts,
)
from satellite.api.v1.context import QUEUED, VIRTUAL_ACCOUNT, Call
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.alerts.places import place_key, read_place
from serverkit.db.paging import write_key
from serverkit.db.windows import Part
from serverkit.http.lenient_forms import licence_id
from serverkit.http.operations import (
    FLAG,
    OPTIONAL,
    OPTIONAL_TIME,
    PLAIN,
    TEXT,
    TIME,
    WHOLE,
    Access,
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
from serverkit.http.schemas import ALERT, BASE, DONE, EVENT, INSTANCE, LICENCE, TOKEN, Nothing, PoolPage, items


class NewToken(Strict):
    """A new registration token."""

    model_config = example({"virtual_account": "Site", "days": 30, "uses": 10, "description": "rack 4"})

    virtual_account: str
    days: int = Field(ge=1, le=365)
    uses: int | None = Field(default=None, ge=1, le=1_000_000)
    export_controlled: bool = False
    description: str = ""


class Transfer(Strict):
    """The virtual account that an instance is transferred to."""

    model_config = example({"virtual_account": "Hall 2"})

    virtual_account: str


class Replacement(Strict):
    """The machine that takes the place of a unit; `unit` is the serial number of that unit, the active one if not given."""

    model_config = example({"pid": "SW-48", "serial": "SN0002", "unit": "SN0001"})

    pid: str = Field(max_length=255, pattern=PLAIN)
    serial: str = Field(max_length=255, pattern=PLAIN)
    uuid: str | None = Field(default=None, max_length=255, pattern=PLAIN)
    unit: str | None = Field(default=None, max_length=255, pattern=PLAIN)

    @property
    def machine(self) -> Udi:
        """Its identity."""
        return Udi(pid=self.pid, serial=self.serial, uuid=self.uuid)


class AllPage(PoolPage):
    """A page of alerts; `every` adds those that are postponed, dismissed or cleared."""

    every: bool = False


def list_virtual_accounts(call: Call) -> dict[str, Any]:
    """List the virtual accounts of this satellite."""
    return paged([row.to_dict() for row in virtual_accounts.list_virtual_accounts(call.unit)], call.query)


def list_tokens(call: Call) -> dict[str, Any]:
    """List the registration tokens."""
    return paged(tokens.list_tokens(call.unit, call.query.virtual_account), call.query)


def create_token(call: Call) -> dict[str, Any]:
    """Create a registration token."""
    body: NewToken = call.body
    created = tokens.create_token(
        call.unit,
        call.server.keyring.box,
        body.virtual_account,
        days=body.days,
        uses=body.uses,
        export_controlled=body.export_controlled,
        description=body.description,
    )
    return {**created.view, "token": created.text}


def revoke_token(call: Call) -> dict[str, Any]:
    """Revoke a registration token."""
    return tokens.revoke_token(call.unit, call.path["token"])


def remove_token(call: Call) -> dict[str, Any]:
    """Remove a revoked or expired registration token."""
    tokens.remove_token(call.unit, call.path["token"])
    return {"done": True}


def list_licences(call: Call) -> dict[str, Any]:
    """List licences: purchased, in use, balance."""
    rows = licences.list_licences(call.unit, call.query.virtual_account)
    return paged([{**row, "id": licence_id(row)} for row in rows], call.query)


def list_instances(call: Call) -> dict[str, Any]:
    """List product instances."""
    page: PoolPage = call.query
    rows = instances.list_instances_after(call.unit, page.virtual_account, after=page.after, most=page.limit + 1)
    return cut(rows, page)


def show_instance(call: Call) -> dict[str, Any]:
    """Show a product instance."""
    return instances.show_instance(call.unit, call.path["instance"])


def transfer_instance(call: Call) -> dict[str, Any]:
    """Transfer a product instance to another virtual account of this satellite."""
    return instances.transfer_instance(call.unit, call.path["instance"], call.body.virtual_account)


def replace_unit(call: Call) -> dict[str, Any]:
    """Put a machine in the place of a unit, which is deregistered."""
    return unit_replacements.replace_unit(call.unit, call.path["instance"], call.body.machine, call.body.unit)


def remove_instance(call: Call) -> dict[str, Any]:
    """Remove a product instance; one that holds restricted licences is refused."""
    return instances.remove_instance(call.unit, call.path["instance"])


def list_alerts(call: Call) -> dict[str, Any]:
    """List alerts, the most urgent first: by severity, due time, age and id."""
    items = alerts.list_placed_alerts(call.unit, call.query.virtual_account, every=call.query.every)
    return paged_by(items, call.query, read_place, place_key)


def dismiss_alert(call: Call) -> dict[str, Any]:
    """Dismiss an alert until its condition recurs."""
    return alerts.dismiss_alert(call.unit, call.path["alert"])


def restore_alert(call: Call) -> dict[str, Any]:
    """Open an alert again that was dismissed or postponed."""
    return alerts.restore_alert(call.unit, call.path["alert"])


def remind_alert(call: Call) -> dict[str, Any]:
    """Postpone an alert until its next step."""
    return alerts.remind_alert(call.unit, call.path["alert"])


def list_events(call: Call) -> dict[str, Any]:
    """List the event log, newest first."""
    return paged_log(event_log.list_events(call.unit, call.query.virtual_account), call.query)


def list_export_queue(call: Call) -> dict[str, Any]:
    """List export-authorization requests."""
    return paged(export_queue.list_export_queue(call.unit, call.query.virtual_account), call.query)


def list_conversions(call: Call) -> dict[str, Any]:
    """List the requests of devices for conversion, in the order of their ids."""
    after = write_key([call.query.after]) if call.query.after is not None else None
    part = Part("id", after, most=call.query.limit, filters={"virtual_account": call.query.virtual_account or ""})
    found = conversions.list_conversions(call.unit, part)
    return {"items": list(found.items), "next": found.items[-1]["id"] if found.next is not None else None}


CONVERSION = object_of(
    id=TEXT, device=TEXT, hostname=OPTIONAL, instance=TEXT, known=FLAG, virtual_account=OPTIONAL, skus=TEXT, state=TEXT,
    quantity=WHOLE, converted=WHOLE, requested_at=TIME, sent_at=OPTIONAL_TIME, decided_at=OPTIONAL_TIME,
    licences=items(object_of(sku=TEXT, quantity=WHOLE, converted=WHOLE, tag=OPTIONAL, reason=OPTIONAL, name=OPTIONAL)),
)  # fmt: skip
Op = Operation[Satellite]
ONE = f"{BASE}instances/{{instance}}"
OPERATIONS = (
    Op(
        "list_virtual_accounts", "GET", f"{BASE}virtual-accounts", "List virtual accounts.", list_virtual_accounts,
        list_of(VIRTUAL_ACCOUNT), Page,
        permission=Access.SIGNED_IN, row="S3.2",
    ),
    Op(
        "list_tokens", "GET", f"{BASE}tokens", "List registration tokens.", list_tokens, list_of(TOKEN), PoolPage,
        permission=Access.SIGNED_IN, row="S3.2",
    ),
    Op(
        "create_token", "POST", f"{BASE}tokens", "Create a registration token; the answer holds its text.", create_token,
        {**TOKEN, "properties": {**TOKEN["properties"], "token": TEXT}}, body=NewToken, changes=True,
        permission=Permission.TOKEN_MANAGE, row="S3.2",
    ),
    Op(
        "revoke_token", "POST", f"{BASE}tokens/{{token}}/revoke", "Revoke a registration token.", revoke_token, TOKEN,
        body=Nothing, changes=True,
        permission=Permission.TOKEN_MANAGE, row="S3.2",
    ),
    Op(
        "remove_token", "DELETE", f"{BASE}tokens/{{token}}", "Remove a revoked or expired registration token.",
        remove_token, DONE, changes=True,
        permission=Permission.TOKEN_MANAGE, row="S3.2",
    ),
    Op(
        "list_licences", "GET", f"{BASE}licences", "List licences.", list_licences, list_of(LICENCE), PoolPage,
        permission=Access.SIGNED_IN, row="S3.2",
    ),
    Op(
        "list_instances", "GET", f"{BASE}instances", "List instances.", list_instances, list_of(INSTANCE), PoolPage,
        permission=Access.SIGNED_IN, row="S3.2",
    ),
    Op(
        "show_instance", "GET", ONE, "Show a product instance.", show_instance, INSTANCE,
        permission=Access.SIGNED_IN, row="S3.2",
    ),
    Op(
        "transfer_instance", "POST", f"{ONE}/transfer", "Transfer a product instance.", transfer_instance,
        object_of(id=TEXT, virtual_account=TEXT), body=Transfer, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S3.2",
    ),
    Op(
        "replace_unit", "POST", f"{ONE}/replace", "Replace a unit of a product instance.", replace_unit,
        object_of(id=TEXT, replaced=TEXT, by=TEXT), body=Replacement, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S4.1",
    ),
    Op(
        "remove_instance", "DELETE", ONE, "Remove a product instance.", remove_instance,
        object_of(id=TEXT, removed=FLAG), changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S3.2",
    ),
    Op(
        "list_alerts", "GET", f"{BASE}alerts", "List alerts.", list_alerts, list_of(ALERT), AllPage,
        permission=Access.SIGNED_IN, row="S3.2",
    ),
    Op(
        "dismiss_alert", "POST", f"{BASE}alerts/{{alert}}/dismiss", "Dismiss an alert.", dismiss_alert, ALERT,
        body=Nothing, changes=True,
        permission=Permission.ALERT_MANAGE, row="S3.2",
    ),
    Op(
        "restore_alert", "POST", f"{BASE}alerts/{{alert}}/restore", "Open an alert again.", restore_alert, ALERT,
        body=Nothing, changes=True,
        permission=Permission.ALERT_MANAGE, row="S3.2",
    ),
    Op(
        "remind_alert", "POST", f"{BASE}alerts/{{alert}}/remind", "Postpone an alert.", remind_alert, ALERT,
        body=Nothing, changes=True,
        permission=Permission.ALERT_MANAGE, row="S3.2",
    ),
    Op(
        "list_events", "GET", f"{BASE}events", "List events.", list_events, list_of(EVENT), PoolPage,
        permission=Access.SIGNED_IN, row="S3.2",
    ),
    Op(
        "list_export_queue", "GET", f"{BASE}export-queue", "List export-authorization requests.", list_export_queue,
        list_of(QUEUED), PoolPage,
        permission=Access.SIGNED_IN, row="S3.3",
    ),
    Op(
        "list_conversions", "GET", f"{BASE}conversions", "List the requests of devices to convert what they hold.",
        list_conversions, list_of(CONVERSION), PoolPage, permission=Access.SIGNED_IN, row="C9.5",
    ),
)  # fmt: skip
