"""Addresses of both forms, and what a handler gets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from central.actions.visible_accounts import NamedAccount, name_account, number_account
from central.runtime import Central
from serverkit.db.unit import Unit
from serverkit.http.lenient import BodyError, without_kind
from serverkit.http.lenient_routes import APPLIANCE, locate_appliance, plain_domain
from serverkit.http.request import Request

_CLOUD = re.compile(r"(?:/services/api)+/smart-accounts-and-licensing/(?P<tail>.*)")
CLOUD = "/services/api/smart-accounts-and-licensing"
BASES = (CLOUD, APPLIANCE)


def locate(path: str) -> str | None:
    """The plain form of an address; None where it belongs to neither form."""
    if found := _CLOUD.fullmatch(path):
        return f"{CLOUD}/{without_kind(found['tail'])}"
    return locate_appliance(path)


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
    account = None
    if "account" in path:
        account = name_account(unit, plain_domain(path["account"]))
    elif "account_number" in path:
        account = number_account(unit, path["account_number"])
    return Call(server, unit, request, body, path, account)
