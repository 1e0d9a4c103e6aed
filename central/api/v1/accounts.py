"""Accounts, virtual accounts, agreement, registration tokens."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import accounts, tokens, virtual_accounts
from central.actions.views import (
    AccountView,
    AgreementView,
    CreatedTokenView,
    ListedAccountView,
    TokenView,
    VirtualAccountView,
)
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import PLAIN, Access, Operation, Page, Strict, example, list_of, part_of
from serverkit.http.schemas import BASE, DONE, Nothing, PoolPage

VIRTUAL_ACCOUNT_PATH = f"{ACCOUNT_PATH}/virtual-accounts/{{name}}"
TOKENS = f"{ACCOUNT_PATH}/tokens"
ACCOUNT, LISTED = AccountView.schema_object(), ListedAccountView.schema_object()
VIRTUAL_ACCOUNT, TOKEN = VirtualAccountView.schema_object(), TokenView.schema_object()


class NewAccount(Strict):
    """A new smart account."""

    model_config = example({"domain": "example.com", "name": "Example", "export_allowed": False})

    domain: str
    name: str
    export_allowed: bool = False


class NewVirtualAccount(Strict):
    """A new virtual account."""

    model_config = example({"name": "Lab", "description": "devices under test"})

    name: str
    description: str = ""


class AccountChange(Strict):
    """The properties that only the vendor sets; omitted ones keep their values."""

    model_config = example({"name": "Example Limited", "export_allowed": True})

    name: str | None = None
    export_allowed: bool | None = None
    reservation_allowed: bool | None = None


class VirtualAccountChange(Strict):
    """A new name and description; omitted ones keep their values."""

    model_config = example({"name": "Laboratory", "description": "devices under test"})

    name: str | None = None
    description: str | None = None


class TagChange(Strict):
    """Tags to set and to remove."""

    model_config = example({"add": ["north"], "remove": ["old"]})

    add: list[str] = Field(default_factory=list, max_length=100)
    remove: list[str] = Field(default_factory=list, max_length=100)


class AccountPage(Page):
    """A page of accounts; a `-` reverses the order."""

    sort: accounts.AccountSort = Field(default="id", description="The order of the list.")


class VirtualAccountPage(Page):
    """A page of virtual accounts; a `-` reverses the order."""

    search: str = Field(default="", max_length=255, pattern=PLAIN, description="How the name or a tag begins.")
    sort: virtual_accounts.VirtualAccountSort = Field(default="id", description="The order of the list.")


class TokenPage(PoolPage):
    """A page of registration tokens; a `-` reverses the order."""

    sort: tokens.TokenSort = Field(default="id", description="The order of the list.")


class NewToken(Strict):
    """A new registration token."""

    model_config = example({"virtual_account": "Lab", "days": 30, "uses": 10, "description": "rack 4"})

    virtual_account: str
    days: int = Field(ge=1, le=365)
    uses: int | None = Field(default=None, ge=1, le=1_000_000)
    export_controlled: bool = False
    description: str = ""


def list_accounts(call: Call) -> dict[str, Any]:
    """List the accounts in which the caller has a role."""
    return accounts.list_accounts(call.unit, part_of(call.query)).to_dict()


def show_account(call: Call) -> dict[str, Any]:
    """Show an account."""
    return accounts.show_account(call.unit, call.path["account"])


def create_account(call: Call) -> dict[str, Any]:
    """Create an account."""
    body: NewAccount = call.body
    return accounts.create_account(call.unit, body.domain, body.name, export_allowed=body.export_allowed)


def change_account(call: Call) -> dict[str, Any]:
    """Change the properties that only the vendor sets."""
    body: AccountChange = call.body
    flags = (body.export_allowed, body.reservation_allowed)
    return accounts.change_account(call.unit, call.path["account"], body.name, *flags)


def accept(call: Call) -> dict[str, Any]:
    """Accept the agreement in force."""
    return accounts.accept_agreement(call.unit, call.path["account"])


def list_virtual_accounts(call: Call) -> dict[str, Any]:
    """List the virtual accounts that the caller may see."""
    query: VirtualAccountPage = call.query
    found = virtual_accounts.list_virtual_accounts(call.unit, call.path["account"], query.search, part_of(query))
    return found.to_dict()


def create_virtual_account(call: Call) -> dict[str, Any]:
    """Create a virtual account."""
    body: NewVirtualAccount = call.body
    return virtual_accounts.create_virtual_account(call.unit, call.path["account"], body.name, body.description)


def show_virtual_account(call: Call) -> dict[str, Any]:
    """Show a virtual account."""
    return virtual_accounts.show_virtual_account(call.unit, call.path["account"], call.path["name"])


def change_virtual_account(call: Call) -> dict[str, Any]:
    """Rename or describe a virtual account."""
    body: VirtualAccountChange = call.body
    where = (call.path["account"], call.path["name"])
    return virtual_accounts.change_virtual_account(call.unit, *where, body.name, body.description)


def change_tags(call: Call) -> dict[str, Any]:
    """Set and remove tags of a virtual account."""
    where = (call.path["account"], call.path["name"])
    return virtual_accounts.change_tags(call.unit, *where, call.body.add, call.body.remove)


def make_default(call: Call) -> dict[str, Any]:
    """Make a virtual account the default."""
    return virtual_accounts.make_default(call.unit, call.path["account"], call.path["name"])


def delete_virtual_account(call: Call) -> dict[str, Any]:
    """Delete an empty virtual account."""
    virtual_accounts.delete_virtual_account(call.unit, call.path["account"], call.path["name"])
    return {"done": True}


def list_tokens(call: Call) -> dict[str, Any]:
    """List registration tokens."""
    query: TokenPage = call.query
    return tokens.list_tokens(call.unit, call.path["account"], query.virtual_account, part_of(query)).to_dict()


def create_token(call: Call) -> dict[str, Any]:
    """Create a registration token."""
    body: NewToken = call.body
    _, view = tokens.create_token(
        call.unit,
        call.server.keyring.box,
        call.path["account"],
        body.virtual_account,
        days=body.days,
        uses=body.uses,
        export_controlled=body.export_controlled,
        description=body.description,
    )
    return view


def revoke_token(call: Call) -> dict[str, Any]:
    """Revoke a registration token."""
    return tokens.revoke_token(call.unit, call.path["account"], call.path["token"])


def remove_token(call: Call) -> dict[str, Any]:
    """Remove a revoked or expired registration token."""
    tokens.remove_token(call.unit, call.path["account"], call.path["token"])
    return {"done": True}


Op = Operation[Central]
OPERATIONS = (
    Op(
        "list_accounts", "GET", f"{BASE}smart-accounts", "List accounts.", list_accounts, list_of(LISTED), AccountPage,
        permission=Access.SIGNED_IN, row="C1.1",
    ),
    Op(
        "create_account", "POST", f"{BASE}smart-accounts", "Create an account.", create_account, ACCOUNT,
        body=NewAccount, changes=True,
        permission=Permission.ACCOUNT_CREATE, row="C1.1",
    ),
    Op(
        "show_account", "GET", ACCOUNT_PATH, "Show an account.", show_account, ACCOUNT,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C1.1",
    ),
    Op(
        "change_account", "PATCH", ACCOUNT_PATH, "Change the properties of an account that only the vendor sets.", change_account, ACCOUNT,
        body=AccountChange, changes=True, current=show_account,
        permission=Permission.ACCOUNT_PROPERTY, row="C1.8",
    ),
    Op(
        "accept_agreement", "POST", f"{ACCOUNT_PATH}/agreement", "Accept the agreement in force.", accept,
        AgreementView.schema_object(),
        body=Nothing, changes=True,
        permission=Permission.AGREEMENT_ACCEPT, row="C1.4",
    ),
    Op(
        "list_virtual_accounts", "GET", f"{ACCOUNT_PATH}/virtual-accounts", "List virtual accounts.", list_virtual_accounts,
        list_of(VIRTUAL_ACCOUNT), VirtualAccountPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C1.2",
    ),
    Op(
        "create_virtual_account", "POST", f"{ACCOUNT_PATH}/virtual-accounts", "Create a virtual account.", create_virtual_account,
        VIRTUAL_ACCOUNT, body=NewVirtualAccount, changes=True,
        permission=Permission.VIRTUAL_ACCOUNT_MANAGE, row="C1.2",
    ),
    Op(
        "show_virtual_account", "GET", VIRTUAL_ACCOUNT_PATH, "Show a virtual account.", show_virtual_account, VIRTUAL_ACCOUNT,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C2.1",
    ),
    Op(
        "change_virtual_account", "PATCH", VIRTUAL_ACCOUNT_PATH, "Rename or describe a virtual account.", change_virtual_account, VIRTUAL_ACCOUNT,
        body=VirtualAccountChange, changes=True, current=show_virtual_account,
        permission=(Permission.VIRTUAL_ACCOUNT_EDIT, Permission.VIRTUAL_ACCOUNT_MANAGE), row="C2.1",
    ),
    Op(
        "tag_virtual_account", "POST", f"{VIRTUAL_ACCOUNT_PATH}/tags", "Set or remove tags of a virtual account.", change_tags,
        VIRTUAL_ACCOUNT, body=TagChange, changes=True,
        permission=Permission.VIRTUAL_ACCOUNT_EDIT, row="C1.2",
    ),
    Op(
        "delete_virtual_account", "DELETE", VIRTUAL_ACCOUNT_PATH, "Delete an empty virtual account.", delete_virtual_account, DONE, changes=True,
        permission=Permission.VIRTUAL_ACCOUNT_MANAGE, row="C1.2",
    ),
    Op(
        "make_default", "POST", f"{VIRTUAL_ACCOUNT_PATH}/default", "Make a virtual account the default.", make_default,
        VIRTUAL_ACCOUNT, body=Nothing, changes=True,
        permission=Permission.VIRTUAL_ACCOUNT_MANAGE, row="C1.2",
    ),
    Op(
        "list_tokens", "GET", TOKENS, "List registration tokens.", list_tokens, list_of(TOKEN), TokenPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C2.3",
    ),
    Op(
        "create_token", "POST", TOKENS, "Create a registration token; the response contains its text.", create_token,
        CreatedTokenView.schema_object(), body=NewToken, changes=True,
        permission=Permission.TOKEN_MANAGE, row="C2.2",
    ),
    Op(
        "revoke_token", "POST", f"{TOKENS}/{{token}}/revoke", "Revoke a registration token.", revoke_token, TOKEN,
        body=Nothing, changes=True,
        permission=Permission.TOKEN_MANAGE, row="C2.3",
    ),
    Op(
        "remove_token", "DELETE", f"{TOKENS}/{{token}}", "Remove a revoked or expired registration token.",
        remove_token, DONE, changes=True,
        permission=Permission.TOKEN_MANAGE, row="C2.3",
    ),
)  # fmt: skip
