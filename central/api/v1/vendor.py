"""The vendor's own: catalogue, orders, policies, jobs, the ledger."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions.catalogue import import_catalogue
from central.api.v1.context import ACCOUNT_PATH, ENTITLEMENT, MAIL, Call, account_of
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.catalogue.queries import listing
from central.domain.ledger.services import import_orders
from central.domain.ledger.verification import verify
from central.domain.operations.models import JobRun, OutboxEntry
from central.domain.operations.nodes import nodes
from central.domain.preferences.queries import policies
from central.domain.preferences.services import set_policy
from central.jobs.catalogue import jobs_of
from central.runtime import Central
from serverkit.http.operations import (
    ANYTHING,
    CSV,
    FILE,
    FLAG,
    TEXT,
    TIME,
    WHOLE,
    Access,
    Operation,
    Page,
    Query,
    Strict,
    example,
    list_of,
    object_of,
    paged,
)
from serverkit.http.schemas import BASE, JOB, WARNINGS, Nothing
from serverkit.jobs.runs import find_job, manual_slot, run_job, slot_of
from serverkit.mail.sender import send_test
from serverkit.outbox import entries

NODE = object_of(id=TEXT, host=TEXT, home=TEXT, version=TEXT, first_seen=TIME, last_seen=TIME, running=FLAG, here=FLAG)


class MailTest(Strict):
    """To whom a mail is sent."""

    model_config = example({"to": "admin@example.com"})

    to: str


class CatalogueQuery(Query):
    """What the import of a catalogue may do."""

    preview: bool = Field(default=False, description="Only tell what it would change.")
    change_restriction: bool = Field(default=False, description="Licences in use may become restricted, or ordinary.")


class PolicyValue(Strict):
    """The value of a policy, as the command line takes it."""

    model_config = example({"value": "90"})

    value: str


def list_catalogue(call: Call) -> dict[str, Any]:
    """Entitlements and products."""
    keyed = [{**row, "id": f"{row['kind']}:{row['tag']}"} for row in listing(call.unit)]
    return paged(keyed, call.query)


def take_catalogue(call: Call) -> dict[str, Any]:
    """Import a catalogue file, all or nothing."""
    query: CatalogueQuery = call.query
    return import_catalogue(call.unit, call.body, preview=query.preview, change_restriction=query.change_restriction)


def take_orders(call: Call) -> dict[str, Any]:
    """Import an order file, all or nothing."""
    account = account_of(call)
    taken = import_orders(call.unit, account.id, call.body)
    quantity = sum(lot.quantity for lot in taken.lots)
    return {"lots": len(taken.lots), "quantity": quantity, "warnings": taken.shown_warnings}


def show_policies(call: Call) -> dict[str, Any]:
    """Every policy."""
    return dict(policies(call.unit))


def change_policy(call: Call) -> dict[str, Any]:
    """Set a policy."""
    return dict(set_policy(call.unit, call.path["policy"], call.body.value))


def list_jobs(call: Call) -> dict[str, Any]:
    """The jobs, each with the slot that is running."""
    require(call.unit, Permission.VENDOR_MANAGE)
    items = [
        {
            "id": job.name,
            "name": job.name,
            "every_seconds": int(job.every.total_seconds()),
            "slot": slot_of(job, call.unit.now),
            "description": job.description,
        }
        for job in jobs_of(call.server)
    ]
    return paged(items, call.query)


def list_nodes(call: Call) -> dict[str, Any]:
    """The homes that work on this database."""
    return paged(nodes(call.unit, call.server.node), call.query)


def start_job(call: Call) -> dict[str, Any]:
    """Run a job now."""
    server = call.server
    with server.database.write(call.actor) as unit:
        require(unit, Permission.VENDOR_MANAGE)
    result = run_job(server.database, JobRun, find_job(jobs_of(server), call.path["job"]), slot=manual_slot())
    return {"job": result.job, "slot": result.slot, "state": result.state, "detail": result.detail}


def list_mail(call: Call) -> dict[str, Any]:
    """The outbox: what waits, was sent, or failed and why."""
    require(call.unit, Permission.VENDOR_MANAGE)
    return paged(entries(call.unit, OutboxEntry), call.query)


def test_mail(call: Call) -> dict[str, Any]:
    """Send a mail at once and say what the server answers."""
    server = call.server
    with server.database.write(call.actor) as unit:
        require(unit, Permission.VENDOR_MANAGE)
        now = unit.now
    settings = server.settings.mail
    send_test(settings, call.body.to, now)
    return {"to": call.body.to, "host": settings.host, "security": settings.security, "sent": True}


def export_root(call: Call) -> bytes:
    """The root document in force: public, what satellites and devices are made with."""
    return call.server.keyring.trust.document + b"\n"


def verify_ledger(call: Call) -> dict[str, Any]:
    """Compute every holding again from the postings; what differs is named."""
    require(call.unit, Permission.VENDOR_MANAGE)
    findings = verify(call.unit)
    return {"ok": not findings, "findings": findings}


Op = Operation[Central]
OPERATIONS = (
    Op(
        "list_catalogue", "GET", f"{BASE}catalogue", "List the catalogue.", list_catalogue, list_of(ENTITLEMENT), Page,
        permission=Access.SIGNED_IN, row="C3.3",
    ),
    Op(
        "import_catalogue", "POST", f"{BASE}catalogue", "Import a catalogue file (CSV).", take_catalogue,
        object_of(
            entitlements=WHOLE, products=WHOLE, added=WHOLE, changed=WHOLE, imported=FLAG, warnings=WARNINGS,
            restriction_changes={"type": "array", "items": object_of(tag=TEXT, restricted=FLAG, in_use=WHOLE)},
        ),
        CatalogueQuery, media=CSV, changes=True,
        permission=Permission.CATALOGUE_MANAGE, row="C3.3",
    ),
    Op(
        "import_orders", "POST", f"{ACCOUNT_PATH}/orders", "Import an order file (CSV).", take_orders,
        object_of(lots=WHOLE, quantity=WHOLE, warnings=WARNINGS), media=CSV, changes=True,
        permission=Permission.ORDER_MANAGE, row="C3.4",
    ),
    Op(
        "show_policies", "GET", f"{BASE}policies", "Show every policy.", show_policies, ANYTHING,
        permission=Access.SIGNED_IN, row="C11.1",
    ),
    Op(
        "set_policy", "PUT", f"{BASE}policies/{{policy}}", "Set a policy.", change_policy, ANYTHING,
        body=PolicyValue, changes=True, current=show_policies,
        permission=Permission.VENDOR_MANAGE, row="C11.1",
    ),
    Op(
        "list_jobs", "GET", f"{BASE}jobs", "List what time alone brings about.", list_jobs, list_of(JOB), Page,
        permission=Permission.VENDOR_MANAGE, row="C10.3",
    ),
    Op(
        "list_nodes", "GET", f"{BASE}nodes", "List the homes that work on this central's database.", list_nodes,
        list_of(NODE), Page,
        permission=Permission.VENDOR_MANAGE, row="B8",
    ),
    Op(
        "run_job", "POST", f"{BASE}jobs/{{job}}/run", "Run a job now.", start_job,
        object_of(job=TEXT, slot=TEXT, state=TEXT, detail=TEXT), body=Nothing, changes=True, alone=True,
        permission=Permission.VENDOR_MANAGE, row="C10.3",
    ),
    Op(
        "list_mail", "GET", f"{BASE}mail", "List the outbox.", list_mail, list_of(MAIL), Page,
        permission=Permission.VENDOR_MANAGE, row="C12.2",
    ),
    Op(
        "test_mail", "POST", f"{BASE}mail/test", "Send a mail at once.", test_mail,
        object_of(to=TEXT, host=TEXT, security=TEXT, sent=FLAG), body=MailTest, changes=True, alone=True,
        permission=Permission.VENDOR_MANAGE, row="C12.2",
    ),
    Op(
        "export_root", "GET", f"{BASE}root", "Get the root document.", export_root, ANYTHING, answers=FILE,
        permission=Access.SIGNED_IN, row="E2",
    ),
    Op(
        "verify_ledger", "GET", f"{BASE}ledger/verification", "Compute every holding again.", verify_ledger,
        object_of(ok=FLAG, findings={"type": "array", "items": ANYTHING}),
        permission=Permission.VENDOR_MANAGE, row="C3.1",
    ),
)  # fmt: skip
