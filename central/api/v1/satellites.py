"""Satellites: registration in, authorization out, names, virtual accounts, removal."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.api.v1.context import ACCOUNT_PATH, SATELLITE, Call, account_of, pool_of
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.satellites import services
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import find_satellite, satellite_dict, satellites
from central.runtime import Central
from central.sync.make_authorization import authorize
from central.sync.receive_request import receive
from exchange.files.registration import Registration, read_registration
from exchange.limits import SYNC_FILE_BYTES
from serverkit.http.operations import (
    ANYTHING,
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
)
from serverkit.http.schemas import BASE, Nothing


class NewSatellite(Query):
    """How the satellite is called and what it gets; `virtual_accounts` are names with commas between."""

    name: str = Field(max_length=255, pattern=PLAIN)
    virtual_accounts: str = Field(max_length=4000, pattern=PLAIN)
    email: str | None = Field(default=None, max_length=255, pattern=PLAIN)


class NewName(Strict):
    """Another name for a satellite."""

    model_config = example({"name": "North hall"})

    name: str


class FurtherPool(Strict):
    """A further virtual account."""

    model_config = example({"virtual_account": "Lab"})

    virtual_account: str


def _registration(call: Call) -> tuple[Registration, str]:
    with call.body.open("rb") as file:
        return read_registration(file, trust=call.server.keyring.trust)


def _account(call: Call) -> SmartAccount:
    account = account_of(call)
    require(call.unit, Permission.ACCOUNT_VIEW, account.id)
    return account


def _named(call: Call) -> Satellite:
    return find_satellite(call.unit, _account(call).id, call.path["satellite"])


def _shown(call: Call, row: Satellite) -> dict[str, Any]:
    call.unit.session.flush()  # the description counts what belongs to it
    return satellite_dict(call.unit, row)


def list_satellites(call: Call) -> dict[str, Any]:
    """The satellites of an account."""
    return paged(satellites(call.unit, _account(call).id), call.query)


def add(call: Call) -> dict[str, Any]:
    """Take a registration file in."""
    wanted: NewSatellite = call.query
    pools = [pool_of(call, name.strip()) for name in dict.fromkeys(wanted.virtual_accounts.split(","))]
    read, digest = _registration(call)
    attached = services.add_satellite(call.unit, account_of(call), wanted.name, pools, read, digest, wanted.email)
    return {**_shown(call, attached.satellite), "revoked_tokens": attached.revoked_tokens}


def approve(call: Call) -> dict[str, Any]:
    """Approve a satellite that the policy holds."""
    return _shown(call, services.approve_satellite(call.unit, _named(call)))


def authorization(call: Call) -> bytes:
    """The authorization file, the same bytes however often."""
    account = account_of(call)
    stored = authorize(call.unit, call.server.keyring, account, _named(call))
    call.server.note_progress(call.unit)
    return stored.response or b""


def show(call: Call) -> dict[str, Any]:
    """One satellite."""
    return satellite_dict(call.unit, _named(call))


def rename(call: Call) -> dict[str, Any]:
    """Give a satellite another name."""
    return _shown(call, services.rename_satellite(call.unit, _named(call), call.body.name))


def take_in(call: Call) -> bytes:
    """Take a satellite's request in; the answer is the response file, the same bytes however often."""
    server = call.server
    return receive(
        server.database, server.keyring, call.actor, lambda: call.body.open("rb"), server.note_progress, by_file=True
    ).data


def extend(call: Call) -> dict[str, Any]:
    """Give a satellite a further virtual account."""
    row = _named(call)
    services.extend_satellite(call.unit, row, pool_of(call, call.body.virtual_account))
    return _shown(call, row)


def resync(call: Call) -> dict[str, Any]:
    """Open the next epoch, with a fresh registration file where one is sent."""
    row = _named(call)
    read, digest = _registration(call) if call.body.stat().st_size else (None, "")
    services.resync_satellite(call.unit, row, read, digest)
    return _shown(call, row)


def remove(call: Call) -> dict[str, Any]:
    """Take a satellite and its product instances off."""
    row = _named(call)
    count = services.remove_satellite(call.unit, row)
    return {"id": row.id, "name": row.name, "removed": True, "instances": count}


Op = Operation[Central]
ALL, ONE = f"{ACCOUNT_PATH}/satellites", f"{ACCOUNT_PATH}/satellites/{{satellite}}"
OPERATIONS = (
    Op(
        "list_satellites", "GET", ALL, "List satellites.", list_satellites, list_of(SATELLITE), Page,
        permission=Permission.ACCOUNT_VIEW, row="C11.3",
    ),
    Op(
        "add_satellite", "POST", ALL, "Take a registration file in.", add, SATELLITE, NewSatellite, media=FILE, changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.1",
    ),
    Op(
        "approve_satellite", "POST", f"{ONE}/approve", "Approve a satellite.", approve, SATELLITE, body=Nothing, changes=True,
        permission=Permission.SATELLITE_APPROVE, row="C11.1",
    ),
    Op(
        "authorize_satellite", "POST", f"{ONE}/authorization", "Get the authorization file.", authorization, ANYTHING,
        body=Nothing, answers=FILE, changes=True,
        permission=Permission.ACCOUNT_VIEW, row="C11.1",
    ),
    Op(
        "show_satellite", "GET", ONE, "Show a satellite.", show, SATELLITE,
        permission=Permission.ACCOUNT_VIEW, row="C11.3",
    ),
    Op(
        "rename_satellite", "PATCH", ONE, "Rename a satellite.", rename, SATELLITE,
        body=NewName, changes=True, current=show,
        permission=Permission.SATELLITE_MANAGE, row="C11.3",
    ),
    Op(
        "extend_satellite", "POST", f"{ONE}/virtual-accounts", "Give a further virtual account.", extend, SATELLITE,
        body=FurtherPool, changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.3",
    ),
    Op(
        "resync_satellite", "POST", f"{ONE}/resync", "Open the next epoch.", resync, SATELLITE, media=FILE, changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.1",
    ),
    Op(
        "remove_satellite", "DELETE", ONE, "Remove a satellite and its product instances.", remove,
        object_of(id=TEXT, name=TEXT, removed=FLAG, instances=WHOLE), changes=True,
        permission=Permission.SATELLITE_MANAGE, row="C11.3",
    ),
    Op(
        "import_sync", "POST", f"{BASE}sync/import", "Take a satellite's file in; the answer is its response.", take_in,
        ANYTHING, media=FILE, answers=FILE, changes=True, alone=True, most_bytes=SYNC_FILE_BYTES,
        permission=Access.SIGNED_FILE, row="C11.2",
    ),
)  # fmt: skip
