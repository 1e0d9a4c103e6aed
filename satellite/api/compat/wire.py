"""Addresses of the appliance form, and what a handler gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from satellite.actions.site import Account, show_account
from satellite.actions.virtual_accounts import find_names
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.errors import NotFoundError, Remedy
from serverkit.http.lenient import BodyError
from serverkit.http.lenient_routes import APPLIANCE, plain_domain
from serverkit.http.request import Request

BASES = (APPLIANCE,)


class OtherAccountError(NotFoundError):
    """The refusal `unknown_account`."""

    code = "unknown_account"
    message = "This satellite belongs to another account."
    remedy = Remedy("Use the account that this satellite belongs to.", page="compatibility.md#calls")


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call."""

    server: Satellite
    unit: Unit
    request: Request
    body: dict[str, Any]
    path: Mapping[str, str]
    account: Account

    @property
    def virtual_account(self) -> str:
        """The name of the virtual account that the address names."""
        return self.path["va"]

    def wanted_names(self) -> dict[str, str]:
        """Names by id of the virtual accounts that the body asks for; all where it names none."""
        asked = self.body.get("virtualAccounts") or []
        asked = [asked] if isinstance(asked, str) else asked
        if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
            raise BodyError("virtualAccounts is not a list of names")
        return find_names(self.unit, asked)

    def query_paging(self) -> dict[str, Any]:
        """The paging that is in the query; everything where none is."""
        given = {name: self.request.query[name] for name in ("limit", "offset") if self.request.query.get(name)}
        return {"limit": -1, **given}


def open_call(server: Satellite, unit: Unit, request: Request, body: dict[str, Any], path: Mapping[str, str]) -> Call:
    """A call; the account that its address names must be the one that this satellite belongs to."""
    account = show_account(unit)
    if "account" in path:
        wanted = plain_domain(path["account"]).lower()
        if wanted not in {(account.domain or "").lower(), (account.name or "").lower()}:
            raise OtherAccountError("this satellite does not belong to {account!r}", account=path["account"][:253])
    return Call(server, unit, request, body, path, account)
