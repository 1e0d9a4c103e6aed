"""The addresses that existing clients use at both servers: one table; each server says what answers there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from serverkit.http.lenient import without_kind
from serverkit.http.lenient_route import Route
from serverkit.http.operations import Needed

C = TypeVar("C")

APPLIANCE = "/backend/api"
_APPLIANCE = re.compile(r"(?:/backend)?/api/(?P<tail>v[12]/(?:accounts|upstream_satellites)(?:/.*)?)")
_SIBLING = re.compile(r"/(?:services/api|v1/software/apis|backend/api)(?:/.*)?")
_ACCOUNT = "accounts/<account>"
_POOL = f"{_ACCOUNT}/virtual-accounts/<va>"


@dataclass(frozen=True, slots=True)
class Address:
    """Method, versions and path of one address, and whether a call changes anything."""

    method: str
    versions: str
    path: str
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Served(Generic[C]):
    """What answers at an address of one server, with the permission that it needs and its row."""

    handle: Callable[[C], dict[str, Any]]
    permission: Needed
    row: str


ADDRESSES = {
    "local_accounts": Address("POST", "1", "upstream_satellites/accounts"),
    "list_virtual_accounts": Address("GET", "1", f"{_ACCOUNT}/virtual-accounts"),
    "create_virtual_account": Address("POST", "1", f"{_ACCOUNT}/virtual-accounts", changes=True),
    "delete_virtual_account": Address("POST", "1", f"{_POOL}/delete", changes=True),
    "list_tokens": Address("GET", "1", f"{_POOL}/tokens"),
    "create_token": Address("POST", "1", f"{_POOL}/tokens", changes=True),
    "revoke_tokens": Address("POST", "1", f"{_POOL}/tokens/revoke", changes=True),
    "usage": Address("POST", "1", f"{_ACCOUNT}/licenses"),
    "subscriptions": Address("POST", "1", f"{_ACCOUNT}/license-subscriptions"),
    "transfer": Address("POST", "12", f"{_POOL}/licenses/transfer", changes=True),
    "reserve": Address("POST", "12", f"{_POOL}/reserve-licenses", changes=True),
    "device_usage": Address("POST", "1", f"{_ACCOUNT}/devices"),
    "list_devices": Address("GET", "1", f"{_POOL}/devices"),
    "transfer_devices": Address("POST", "1", f"{_POOL}/devices/transfer", changes=True),
    "remove_devices": Address("POST", "12", f"{_POOL}/devices/remove", changes=True),
}


def shared_routes(served: Mapping[str, Served[C]]) -> tuple[Route[C], ...]:
    """The routes of one server, which serves every address of the table, if only with a refusal."""
    return tuple(
        Route(
            address.method,
            address.versions,
            address.path,
            served[name].handle,
            changes=address.changes,
            permission=served[name].permission,
            row=served[name].row,
        )
        for name, address in ADDRESSES.items()
    )


def locate_appliance(path: str) -> str | None:
    """The plain form of an address of the appliance form or of a sibling; None where it is neither."""
    if found := _APPLIANCE.fullmatch(path):
        return f"{APPLIANCE}/{without_kind(found['tail'])}"
    return path.rstrip("/") if _SIBLING.fullmatch(path) else None


def plain_domain(text: str) -> str:
    """A domain without the kind of account that some clients append to it."""
    return re.sub(r"(?i)/(?:customer|holding)/?$", "", text.strip())
