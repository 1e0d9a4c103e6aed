"""REST operations of satellites and their files."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import satellites, site_files, synchronization
from central.api.v1.context import ACCOUNT_PATH, SATELLITE, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from exchange.limits import SYNC_FILE_BYTES
from serverkit.db.windows import Part
from serverkit.http.operations import (
    ANYTHING,
    FILE,
    FLAG,
    OPTIONAL,
    PLAIN,
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
from serverkit.http.schemas import BASE, Nothing

AWAY = object_of(id=TEXT, name=TEXT, virtual_account=TEXT, detached_until=TIME, uses=ANYTHING)
"""A device that goes on using licences after its satellite is gone; `uses` are quantities by tag."""


class NewSatellite(Query):
    """The name, contact and virtual accounts of a satellite; `virtual_accounts` are names with commas between."""

    name: str = Field(max_length=255, pattern=PLAIN)
    virtual_accounts: str = Field(max_length=4000, pattern=PLAIN)
    email: str | None = Field(default=None, max_length=255, pattern=PLAIN)


class NewName(Strict):
    """A new name."""

    model_config = example({"name": "North hall"})

    name: str


class FurtherPool(Strict):
    """Another virtual account."""

    model_config = example({"virtual_account": "Lab"})

    virtual_account: str


def _named(call: Call) -> tuple[str, str]:
    return call.path["account"], call.path["satellite"]


def list_satellites(call: Call) -> dict[str, Any]:
    """List the satellites of an account."""
    return paged(satellites.list_satellites(call.unit, call.path["account"]), call.query)


def add(call: Call) -> dict[str, Any]:
    """Add a satellite from its registration file."""
    wanted: NewSatellite = call.query
    names = [name.strip() for name in wanted.virtual_accounts.split(",")]
    return satellites.add_satellite(
        call.unit, call.server.keyring, call.path["account"], wanted.name, names, call.body, wanted.email
    )


def approve(call: Call) -> dict[str, Any]:
    """Approve a satellite that waits for approval."""
    return satellites.approve_satellite(call.unit, *_named(call))


def authorization(call: Call) -> bytes:
    """Get the authorization file, the same bytes each time."""
    return satellites.authorize_satellite(call.unit, call.server, *_named(call)).data


def show(call: Call) -> dict[str, Any]:
    """Show a satellite."""
    return satellites.show_satellite(call.unit, *_named(call))


def rename(call: Call) -> dict[str, Any]:
    """Rename a satellite."""
    return satellites.rename_satellite(call.unit, *_named(call), call.body.name)


def import_request(call: Call) -> bytes:
    """Import a satellite's request file; the answer is the response file, the same bytes each time."""
    return synchronization.import_request_file(call.server, call.actor, call.body).data


def extend(call: Call) -> dict[str, Any]:
    """Add a virtual account to a satellite."""
    return satellites.extend_satellite(call.unit, *_named(call), call.body.virtual_account)


def resync(call: Call) -> dict[str, Any]:
    """Start a new epoch, with a fresh registration file where one is sent."""
    registration = call.body if call.body.stat().st_size else None
    return satellites.resync_satellite(call.unit, call.server.keyring, *_named(call), registration)


def remove(call: Call) -> dict[str, Any]:
    """Remove a satellite and its product instances."""
    return satellites.remove_satellite(call.unit, *_named(call))


class FileQuery(Query):
    """Which of the two files of a number."""

    request: bool = False


class HistoryPage(Page):
    """A page of synchronizations, newest first."""

    after: str | None = Field(
        default=None, max_length=4096, pattern=PLAIN, description="The `next` of the page before."
    )


def history(call: Call) -> dict[str, Any]:
    """The requests of a satellite with their answers."""
    query: HistoryPage = call.query
    found = site_files.list_named_history(call.unit, *_named(call), Part("", query.after, None, query.limit))
    return {"items": list(found.items), "next": found.next}


def file(call: Call) -> bytes:
    """The answer to a request, or the request itself, byte for byte."""
    wanted: FileQuery = call.query
    epoch, sequence = site_files.number_of(call.path["epoch"]), site_files.number_of(call.path["sequence"])
    return site_files.fetch_named_file(call.unit, *_named(call), epoch, sequence, request=wanted.request)


Op = Operation[Central]
SYNCHRONIZATION = object_of(
    id=TEXT,
    epoch=WHOLE,
    sequence=WHOLE,
    response=WHOLE,
    received_at=TIME,
    digest=OPTIONAL,
    response_digest=TEXT,
    request_kept=FLAG,
)
ALL, ONE = f"{ACCOUNT_PATH}/satellites", f"{ACCOUNT_PATH}/satellites/{{satellite}}"
OPERATIONS = (
    Op(
        "list_satellites", "GET", ALL, "List satellites.", list_satellites, list_of(SATELLITE), Page,
        permission=Permission.ACCOUNT_VIEW, row="C11.3",
    ),
    Op(
        "add_satellite", "POST", ALL, "Add a satellite from its registration file.", add, SATELLITE, NewSatellite, media=FILE, changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.1",
    ),
    Op(
        "approve_satellite", "POST", f"{ONE}/approve", "Approve a satellite.", approve, SATELLITE, body=Nothing, changes=True,
        permission=Permission.SATELLITE_APPROVE, row="C11.1",
    ),
    Op(
        "authorize_satellite", "POST", f"{ONE}/authorization", "Get the authorization file.", authorization, ANYTHING,
        body=Nothing, answers=FILE, changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.1",
    ),
    Op(
        "show_satellite", "GET", ONE, "Show a satellite.", show, SATELLITE,
        permission=Permission.ACCOUNT_VIEW, row="C11.3",
    ),
    Op(
        "list_satellite_history", "GET", f"{ONE}/history", "List a satellite's synchronizations, newest first.", history,
        list_of(SYNCHRONIZATION), HistoryPage,
        permission=Permission.ACCOUNT_VIEW, row="C11.3",
    ),
    Op(
        "get_satellite_file", "GET", f"{ONE}/history/{{epoch}}/{{sequence}}", "Get a response again, or the request.", file,
        ANYTHING, FileQuery, answers=FILE,
        permission=Permission.SATELLITE_MANAGE, row="C11.3",
    ),
    Op(
        "rename_satellite", "PATCH", ONE, "Rename a satellite.", rename, SATELLITE,
        body=NewName, changes=True, current=show,
        permission=Permission.SATELLITE_MANAGE, row="C11.3",
    ),
    Op(
        "extend_satellite", "POST", f"{ONE}/virtual-accounts", "Add a virtual account to a satellite.", extend, SATELLITE,
        body=FurtherPool, changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.3",
    ),
    Op(
        "resync_satellite", "POST", f"{ONE}/resync", "Start a new epoch.", resync, SATELLITE, media=FILE, changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.1",
    ),
    Op(
        "remove_satellite", "DELETE", ONE, "Remove a satellite and its product instances.", remove,
        object_of(id=TEXT, name=TEXT, removed=FLAG, instances=WHOLE, detached=list_of(AWAY)), changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.3",
    ),
    Op(
        "import_sync", "POST", f"{BASE}sync/import", "Import a satellite's request file; the answer is its response.", import_request,
        ANYTHING, media=FILE, answers=FILE, changes=True, alone=True, most_bytes=SYNC_FILE_BYTES,
        permission=Access.SIGNED_FILE, row="C11.2",
    ),
)  # fmt: skip
