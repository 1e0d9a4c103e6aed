"""The vendor's own: catalogue, orders, policies, jobs, the ledger."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from central.actions import accounts, catalogue, jobs, licences, mail, nodes, orders, policies, trust
from central.actions.views import JobRunView, JobView, MailView, NodeView
from central.api.v1.context import ACCOUNT_PATH, ENTITLEMENT, Call
from central.domain.access.rules import Permission
from central.jobs.catalogue import jobs_of
from central.runtime import Central
from serverkit.http.operations import (
    ANYTHING,
    CSV,
    FILE,
    FLAG,
    PLAIN,
    TEXT,
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
    part_of,
)
from serverkit.http.schemas import BASE, WARNINGS, Nothing
from serverkit.mail.routes import MOST_RECIPIENTS, Least


class MailTest(Strict):
    """To whom a mail is sent."""

    model_config = example({"to": "admin@example.com"})

    to: str


class MailRoutes(Strict):
    """Who is mailed about the vendor's own alerts: an address, or an address and the least severity that it is told of."""

    model_config = example(
        {"recipients": ["ops@vendor.example", "desk@vendor.example informational"], "least": "major"}
    )

    recipients: list[Annotated[str, Field(max_length=300)]] | None = Field(default=None, max_length=MOST_RECIPIENTS)
    least: Least | None = None


ROUTES_OBJECT = object_of(recipients={"type": "array", "items": TEXT}, least=TEXT)


class MailPage(Page):
    """A page of mails; a `-` reverses the order."""

    sort: mail.MailSort = Field(default="id", description="The order of the list.")


class CatalogueQuery(Query):
    """What the import of a catalogue may do."""

    preview: bool = Field(default=False, description="Only tell what it would change.")
    change_restriction: bool = Field(default=False, description="Licences in use may become restricted, or ordinary.")


class OrderQuery(Query):
    """What the import of orders may do."""

    preview: bool = Field(default=False, description="Only tell what it would add.")


class Cancellation(Strict):
    """An order that was cancelled upstream, or one line of it, and why; the note is kept in the transactions."""

    model_config = example({"order": "O-1", "line": "2", "note": "cancelled by the customer"})

    order: str = Field(min_length=1, max_length=255, pattern=PLAIN)
    line: str | None = Field(default=None, max_length=255, pattern=PLAIN)
    note: str = Field(default="", max_length=1024)
    preview: bool = False


class NewAgreement(Strict):
    """The text of a version of the licensing agreement."""

    model_config = example({"text": "1. Licences are used as the order says."})

    text: str = Field(max_length=200_000)


class PolicyValue(Strict):
    """The value of a policy, as the command line takes it."""

    model_config = example({"value": "90"})

    value: str


def list_catalogue(call: Call) -> dict[str, Any]:
    """Entitlements and products."""
    keyed = [{**row, "id": f"{row['kind']}:{row['tag']}"} for row in catalogue.list_catalogue(call.unit)]
    return paged(keyed, call.query)


def import_catalogue(call: Call) -> dict[str, Any]:
    """Import a catalogue file, all or nothing."""
    query: CatalogueQuery = call.query
    return catalogue.import_catalogue(
        call.unit, call.body, preview=query.preview, change_restriction=query.change_restriction
    )


def import_orders(call: Call) -> dict[str, Any]:
    """Import an order file, all or nothing."""
    query: OrderQuery = call.query
    return orders.import_orders(call.unit, call.path["account"], call.body, preview=query.preview).summary


def cancel_order(call: Call) -> dict[str, Any]:
    """Take out what came with an order that was cancelled upstream, or only say what would go."""
    body: Cancellation = call.body
    named = call.unit, call.path["account"], body.order
    return (
        orders.preview_cancellation(*named, body.line)
        if body.preview
        else orders.cancel_order(*named, body.note, body.line)
    )


def show_policies(call: Call) -> dict[str, Any]:
    """Show every policy."""
    return policies.show_policies(call.unit)


def change_policy(call: Call) -> dict[str, Any]:
    """Set a policy."""
    return policies.set_policy(call.unit, call.path["policy"], call.body.value)


def publish_agreement(call: Call) -> dict[str, Any]:
    """Publish the text of the agreement as a new version."""
    return accounts.publish_agreement(call.unit, call.body.text)


def list_jobs(call: Call) -> dict[str, Any]:
    """List the jobs, each with its current slot."""
    return jobs.list_jobs(call.unit, jobs_of(call.server), part_of(call.query)).to_dict()


def list_nodes(call: Call) -> dict[str, Any]:
    """List the homes that work on this database."""
    return nodes.list_nodes(call.unit, call.server.node, part_of(call.query)).to_dict()


def run_job(call: Call) -> dict[str, Any]:
    """Run a job now."""
    return jobs.run_job(call.server.database, call.actor, jobs_of(call.server), call.path["job"])


def list_mail(call: Call) -> dict[str, Any]:
    """List the outbox: queued, sent and failed mails, with the reason."""
    return mail.list_mail(call.unit, part_of(call.query)).to_dict()


def test_mail(call: Call) -> dict[str, Any]:
    """Send a test mail now and show the answer of the mail server."""
    return mail.send_test_mail(call.server, call.actor, call.body.to)


def show_mail_routes(call: Call) -> dict[str, Any]:
    """Show who is mailed about the vendor's own alerts, and from which severity on."""
    return mail.show_mail_routes(call.unit)


def change_mail_routes(call: Call) -> dict[str, Any]:
    """Change it; what is not named stays."""
    return mail.change_mail_routes(call.unit, call.body.model_dump(exclude_none=True))


def retry_mail(call: Call) -> dict[str, Any]:
    """Try a mail that was not sent again at once."""
    return mail.retry_mail(call.unit, call.path["mail"])


def export_root(call: Call) -> bytes:
    """The root document in force: public, satellites and devices are created with it."""
    return trust.export_root(call.server.keyring)


def verify_ledger(call: Call) -> dict[str, Any]:
    """Recompute every holding from the postings and report differences."""
    return licences.verify_ledger(call.unit)


Op = Operation[Central]
OPERATIONS = (
    Op(
        "list_catalogue", "GET", f"{BASE}catalogue", "List the catalogue.", list_catalogue, list_of(ENTITLEMENT), Page,
        permission=Access.SIGNED_IN, row="C3.3",
    ),
    Op(
        "import_catalogue", "POST", f"{BASE}catalogue", "Import a catalogue file (CSV).", import_catalogue,
        object_of(
            entitlements=WHOLE, products=WHOLE, added=WHOLE, changed=WHOLE, imported=FLAG, warnings=WARNINGS,
            restriction_changes={"type": "array", "items": object_of(tag=TEXT, restricted=FLAG, in_use=WHOLE)},
        ),
        CatalogueQuery, media=CSV, changes=True,
        permission=Permission.CATALOGUE_MANAGE, row="C3.3",
    ),
    Op(
        "import_orders", "POST", f"{ACCOUNT_PATH}/orders", "Import an order file (CSV).", import_orders,
        object_of(lots=WHOLE, quantity=WHOLE, imported=FLAG, warnings=WARNINGS), OrderQuery, media=CSV, changes=True,
        permission=Permission.ORDER_MANAGE, row="C3.4",
    ),
    Op(
        "cancel_order", "POST", f"{ACCOUNT_PATH}/order-cancellations",
        "Take out what came with an order that was cancelled upstream.", cancel_order,
        object_of(
            order=TEXT, line={"type": ["string", "null"]}, account=TEXT,
            items={"type": "array", "items": object_of(virtual_account=TEXT, tag=TEXT, name=TEXT, quantity=WHOLE, missing=WHOLE)},
            allowed=FLAG, reasons=ANYTHING, warnings=ANYTHING, effects=ANYTHING,
        ),
        body=Cancellation, changes=True, permission=Permission.ORDER_MANAGE, row="C4.2",
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
        "publish_agreement", "POST", f"{BASE}agreements", "Publish the text of the agreement as a new version.",
        publish_agreement, object_of(version=WHOLE, published=FLAG), body=NewAgreement, changes=True,
        permission=Permission.VENDOR_MANAGE, row="C1.4",
    ),
    Op(
        "list_jobs", "GET", f"{BASE}jobs", "List the scheduled jobs.", list_jobs,
        list_of(JobView.schema_object()), Page,
        permission=Permission.VENDOR_MANAGE, row="C10.3",
    ),
    Op(
        "list_nodes", "GET", f"{BASE}nodes", "List the homes that work on this central's database.", list_nodes,
        list_of(NodeView.schema_object()), Page,
        permission=Permission.VENDOR_MANAGE, row="B8",
    ),
    Op(
        "run_job", "POST", f"{BASE}jobs/{{job}}/run", "Run a job now.", run_job,
        JobRunView.schema_object(), body=Nothing, changes=True, alone=True,
        permission=Permission.VENDOR_MANAGE, row="C10.3",
    ),
    Op(
        "list_mail", "GET", f"{BASE}mail", "List the outbox.", list_mail,
        list_of(MailView.schema_object()), MailPage,
        permission=Permission.VENDOR_MANAGE, row="C12.2",
    ),
    Op(
        "test_mail", "POST", f"{BASE}mail/test", "Send a test mail.", test_mail,
        object_of(to=TEXT, host=TEXT, security=TEXT, sent=FLAG), body=MailTest, changes=True, alone=True,
        permission=Permission.VENDOR_MANAGE, row="C12.2",
    ),
    Op(
        "show_mail_routes", "GET", f"{BASE}mail/routes", "Show who is mailed about the vendor's own alerts.", show_mail_routes,
        ROUTES_OBJECT, permission=Permission.VENDOR_MANAGE, row="B20",
    ),
    Op(
        "change_mail_routes", "PATCH", f"{BASE}mail/routes", "Change who is mailed about the vendor's own alerts.",
        change_mail_routes, ROUTES_OBJECT, body=MailRoutes, changes=True,
        permission=Permission.VENDOR_MANAGE, row="B20",
    ),
    Op(
        "retry_mail", "POST", f"{BASE}mail/{{mail}}/retry", "Try a mail that was not sent again.", retry_mail,
        MailView.schema_object(), body=Nothing, changes=True,
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
