"""Addresses of both forms, and what a handler gets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from central.actions.lookup import NamedAccount, name_account
from central.runtime import Central
from serverkit.db.unit import Unit
from serverkit.http.lenient import BodyError, without_kind
from serverkit.http.request import Request

_CLOUD = re.compile(r"(?:/services/api)+/smart-accounts-and-licensing/(?P<tail>.*)")
_APPLIANCE = re.compile(r"(?:/backend)?/api/(?P<tail>v[12]/(?:accounts|upstream_satellites)(?:/.*)?)")
_SIBLING = re.compile(r"/(?:services/api|v1/software/apis|backend/api)(?:/.*)?")
CLOUD, APPLIANCE = "/services/api/smart-accounts-and-licensing", "/backend/api"
BASES = (CLOUD, APPLIANCE)


def locate(path: str) -> str | None:
    """The plain form of an address; None where it belongs to neither form."""
    if found := _CLOUD.fullmatch(path):
        return f"{CLOUD}/{without_kind(found['tail'])}"
    if found := _APPLIANCE.fullmatch(path):
        return f"{APPLIANCE}/{without_kind(found['tail'])}"
    return path if _SIBLING.fullmatch(path) else None


def is_appliance(path: str) -> bool:
    """Whether a plain address is of the appliance form, whose lists are whole where a client names no limit."""
    return path.startswith(f"{APPLIANCE}/")


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call."""

    server: Central
    unit: Unit
    request: Request
    body: dict[str, Any]
    path: Mapping[str, str]
    account: NamedAccount | None

    @property
    def smart_account(self) -> NamedAccount:
        """The account that the address names."""
        if self.account is None:
            raise BodyError("the address names no account")
        return self.account

    @property
    def domain(self) -> str:
        """The domain of the account that the address names."""
        return self.smart_account.domain


def open_call(server: Central, unit: Unit, request: Request, body: dict[str, Any], path: Mapping[str, str]) -> Call:
    """A call with the account that its address names."""
    account = name_account(unit, plain_domain(path["account"])) if "account" in path else None
    return Call(server, unit, request, body, path, account)


def plain_domain(text: str) -> str:
    """A domain without the kind of account that some clients append to it."""
    return re.sub(r"(?i)/(?:customer|holding)/?$", "", text.strip())
