"""`central user | api-client | api-token | setup`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions import credentials, provider_sign_in, users
from central.actions import setup as actions
from central.cli.base import FILE, group, opened, reading, writing
from central.domain.access.rules import Role
from serverkit.cli.base import INTEGER, emit, emit_list
from serverkit.files import read_bounded

ROLES = click.Choice([role.value for role in Role])
PASSWORD_BYTES = 4096


@group.group("user", help="Manage users and their roles.")
def user() -> None:
    """Hold the commands of users."""


@user.command("add", help="Give a role to a user; creates the user if necessary.")
@click.argument("name")
@click.option("--role", required=True, type=ROLES)
@click.option("--account", "domain", metavar="DOMAIN")
@click.option("--virtual-account", "virtual_name", metavar="VA")
@click.pass_context
def user_add(context: click.Context, name: str, role: str, domain: str | None, virtual_name: str | None) -> None:
    """Add a user."""
    if virtual_name is not None and domain is None:
        raise click.UsageError("--virtual-account needs --account")
    with writing(context) as (_, unit):
        found = users.give_role(unit, name, role, domain, virtual_name)
    emit(context, found)


@user.command("remove-role", help="Remove a role from a user; the user stays.")
@click.argument("name")
@click.option("--role", required=True, type=ROLES)
@click.option("--account", "domain", metavar="DOMAIN")
@click.option("--virtual-account", "virtual_name", metavar="VA")
@click.pass_context
def user_remove_role(
    context: click.Context, name: str, role: str, domain: str | None, virtual_name: str | None
) -> None:
    """Remove a role."""
    if virtual_name is not None and domain is None:
        raise click.UsageError("--virtual-account needs --account")
    with writing(context) as (_, unit):
        found = users.remove_role(unit, name, role, domain, virtual_name)
    emit(context, {**found, "removed": True})


@user.command("list", help="List users with their roles.")
@click.option("--account", "domain", metavar="DOMAIN")
@click.pass_context
def user_list(context: click.Context, domain: str | None) -> None:
    """List users."""
    with reading(context) as (_, unit):
        items = users.list_users(unit, domain, users.BY_NAME).items
    emit_list(context, items, ("name", "role", "account_domain", "virtual_account_name"))


@user.command("password", help="Set the password of a user from a file.")
@click.argument("name")
@click.option("--password-file", type=FILE, required=True, metavar="FILE")
@click.pass_context
def user_password(context: click.Context, name: str, password_file: Path) -> None:
    """Set a password."""
    text = read_bounded(password_file, PASSWORD_BYTES).decode("utf-8", "replace").rstrip("\r\n")
    with writing(context) as (_, unit):
        users.set_password(unit, name, text)
    emit(context, {"name": name, "password": "set"})


@user.command("first-password", help="Make the first password of a user of an account; it is shown once.")
@click.argument("name")
@click.option("--account", "domain", required=True, metavar="DOMAIN")
@click.pass_context
def user_first_password(context: click.Context, name: str, domain: str) -> None:
    """Make a first password."""
    with writing(context) as (_, unit):
        found = users.make_first_password(unit, domain, name)
    emit(context, found)


@user.group("identity", help="Who signs in by the provider that `openid.issuer` names.")
def identity() -> None:
    """Hold the commands of identities."""


@identity.command("list", help="List who signs in by the provider.")
@click.pass_context
def identity_list(context: click.Context) -> None:
    """List identities."""
    with reading(context) as (_, unit):
        items = provider_sign_in.list_identities(unit)
    emit_list(context, items, ("name", "issuer", "subject", "disabled"))


@identity.command("add", help="Let a user who is there sign in by the provider.")
@click.argument("name")
@click.argument("subject")
@click.pass_context
def identity_add(context: click.Context, name: str, subject: str) -> None:
    """Link a user."""
    with writing(context) as (server, unit):
        found = provider_sign_in.add_identity(server, unit, name, subject)
    emit(context, found)


@identity.command("disable", help="Refuse a user's sign-ins by the provider; the sessions of the user end.")
@click.argument("name")
@click.pass_context
def identity_disable(context: click.Context, name: str) -> None:
    """Disable a user."""
    with writing(context) as (_, unit):
        found = provider_sign_in.disable_identity(unit, name, disabled=True)
    emit(context, found)


@identity.command("enable", help="Allow a user's sign-ins by the provider again.")
@click.argument("name")
@click.pass_context
def identity_enable(context: click.Context, name: str) -> None:
    """Enable a user."""
    with writing(context) as (_, unit):
        found = provider_sign_in.disable_identity(unit, name, disabled=False)
    emit(context, found)


@identity.command("remove", help="Forget how the provider knows a user; the user and the roles stay.")
@click.argument("name")
@click.pass_context
def identity_remove(context: click.Context, name: str) -> None:
    """Unlink a user."""
    with writing(context) as (_, unit):
        found = provider_sign_in.remove_identity(unit, name)
    emit(context, found)


@identity.command("test", help="Ask the provider for what it publishes: addresses and keys.")
@click.pass_context
def identity_test(context: click.Context) -> None:
    """Test the provider."""
    emit(context, provider_sign_in.test_provider(opened(context)))


@group.group("setup", help="Set up the console.")
def setup() -> None:
    """Hold the commands of the set-up."""


@setup.command("code", help="Make a new set-up code, while the vendor has no administrator with a password.")
@click.pass_context
def setup_code(context: click.Context) -> None:
    """Make a new set-up code."""
    with writing(context) as (server, unit):
        found = actions.renew_setup_code(server, unit)
    emit(context, found)


@group.group("api-client", help="Manage programs that call the API with an id and a secret.")
def api_client() -> None:
    """Hold the commands of API clients."""


@api_client.command("create", help="Create an API client that acts as a user; its secret is shown once.")
@click.option("--user", "name", required=True)
@click.pass_context
def client_create(context: click.Context, name: str) -> None:
    """Create an API client."""
    with writing(context) as (_, unit):
        found = credentials.create_api_client(unit, name)
    emit(context, found)


@api_client.command("list", help="List the API clients.")
@click.pass_context
def client_list(context: click.Context) -> None:
    """List API clients."""
    with reading(context) as (_, unit):
        items = credentials.list_api_clients(unit, credentials.NEWEST).items
    emit_list(context, items, ("id", "user", "created_at", "revoked"))


@api_client.command("revoke", help="Revoke an API client and its tokens.")
@click.argument("client_id", metavar="ID")
@click.pass_context
def client_revoke(context: click.Context, client_id: str) -> None:
    """Revoke an API client."""
    with writing(context) as (_, unit):
        found = credentials.revoke_api_client(unit, client_id)
    emit(context, found)


@group.group("api-token", help="Manage access tokens for the API.")
def api_token() -> None:
    """Hold the commands of access tokens."""


@api_token.command("create", help="Create an access token that acts as a user; it is shown once.")
@click.option("--user", "name", required=True)
@click.option("--days", type=INTEGER, required=True)
@click.option("--scope", "scopes", multiple=True, help="read (the default), write, or permissions.")
@click.option(
    "--address", "addresses", multiple=True, metavar="NETWORK", help="Accept the token only from this network."
)
@click.option("--description", default="")
@click.pass_context
def token_create(
    context: click.Context, name: str, days: int, scopes: tuple[str, ...], addresses: tuple[str, ...], description: str
) -> None:
    """Create an access token."""
    with writing(context) as (_, unit):
        found = credentials.create_access_token(
            unit, name, days=days, scopes=scopes, description=description, addresses=addresses
        )
    emit(context, found)


@api_token.command("list", help="List the access tokens.")
@click.pass_context
def token_list(context: click.Context) -> None:
    """List access tokens."""
    with reading(context) as (_, unit):
        items = credentials.list_access_tokens(unit, credentials.NEWEST).items
    emit_list(context, items, ("id", "user", "scope", "description", "expires_at", "last_used", "state"))


@api_token.command("revoke", help="Revoke an access token.")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_revoke(context: click.Context, token_id: str) -> None:
    """Revoke an access token."""
    with writing(context) as (_, unit):
        found = credentials.revoke_access_token(unit, token_id)
    emit(context, found)
