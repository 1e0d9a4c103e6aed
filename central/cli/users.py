"""`central user | api-client | api-token`."""

from __future__ import annotations

from pathlib import Path

import click

from central.cli.base import FILE, chosen, group, reading, writing
from central.domain.access.rules import Role
from central.domain.access.services import add_user, remove_role, user_of
from central.domain.accounts.queries import by_domain
from central.domain.credentials import queries, services
from serverkit.cli.base import INTEGER, emit, emit_list
from serverkit.files import read_bounded

ROLES = click.Choice([role.value for role in Role])
PASSWORD_BYTES = 4096


@group.group("user", help="Users and their roles.")
def user() -> None:
    """Hold the commands of users."""


@user.command("add", help="Give a role to a user, who is made when new.")
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
        row, va = chosen(unit, domain, virtual_name) if domain is not None else (None, None)
        server, _given = add_user(unit, name, Role(role), row.id if row else "", va or "")
        found = {"id": server.id, "name": server.name, "role": role, "account": domain, "virtual_account": virtual_name}
    emit(context, found)


@user.command("remove-role", help="Take a role away from a user, who stays.")
@click.argument("name")
@click.option("--role", required=True, type=ROLES)
@click.option("--account", "domain", metavar="DOMAIN")
@click.option("--virtual-account", "virtual_name", metavar="VA")
@click.pass_context
def user_remove_role(
    context: click.Context, name: str, role: str, domain: str | None, virtual_name: str | None
) -> None:
    """Take a role away."""
    if virtual_name is not None and domain is None:
        raise click.UsageError("--virtual-account needs --account")
    with writing(context) as (_, unit):
        row, va = chosen(unit, domain, virtual_name) if domain is not None else (None, None)
        user = remove_role(unit, name, Role(role), row.id if row else "", va or "")
        found = {"id": user.id, "name": user.name, "role": role, "account": domain, "virtual_account": virtual_name}
    emit(context, {**found, "removed": True})


@user.command("list", help="List users with their roles.")
@click.option("--account", "domain", metavar="DOMAIN")
@click.pass_context
def user_list(context: click.Context, domain: str | None) -> None:
    """List users."""
    with reading(context) as (_, unit):
        items = queries.users(unit, by_domain(unit, domain).id if domain else None)
    emit_list(context, items, ("name", "role", "account_domain", "virtual_account_name"))


@user.command("password", help="Give a user the password that stands in a file.")
@click.argument("name")
@click.option("--password-file", type=FILE, required=True, metavar="FILE")
@click.pass_context
def user_password(context: click.Context, name: str, password_file: Path) -> None:
    """Set a password."""
    text = read_bounded(password_file, PASSWORD_BYTES).decode("utf-8", "replace").rstrip("\r\n")
    with writing(context) as (_, unit):
        services.set_password(unit, user_of(unit, name), text)
    emit(context, {"name": name, "password": "set"})


@group.group("api-client", help="Programs that call the API with an id and a secret.")
def api_client() -> None:
    """Hold the commands of API clients."""


@api_client.command("create", help="Make an API client that acts as a user; its secret is shown once.")
@click.option("--user", "name", required=True)
@click.pass_context
def client_create(context: click.Context, name: str) -> None:
    """Make an API client."""
    with writing(context) as (_, unit):
        row, secret = services.create_client(unit, user_of(unit, name))
        found = {**queries.client_dict(row, name), "client_id": row.id, "client_secret": secret}
    emit(context, found)


@api_client.command("list", help="List the API clients.")
@click.pass_context
def client_list(context: click.Context) -> None:
    """List API clients."""
    with reading(context) as (_, unit):
        items = queries.clients(unit)
    emit_list(context, items, ("id", "user", "created_at", "revoked"))


@api_client.command("revoke", help="Revoke an API client and its tokens.")
@click.argument("client_id", metavar="ID")
@click.pass_context
def client_revoke(context: click.Context, client_id: str) -> None:
    """Revoke an API client."""
    with writing(context) as (_, unit):
        services.revoke_client(unit, client_id)
    emit(context, {"id": client_id, "revoked": True})


@group.group("api-token", help="Access tokens for the API.")
def api_token() -> None:
    """Hold the commands of access tokens."""


@api_token.command("create", help="Make an access token that acts as a user; it is shown once.")
@click.option("--user", "name", required=True)
@click.option("--days", type=INTEGER, required=True)
@click.option("--scope", "scopes", multiple=True, help="read (the default), write, or permissions.")
@click.option("--address", "addresses", multiple=True, metavar="NETWORK", help="Only from there.")
@click.option("--description", default="")
@click.pass_context
def token_create(
    context: click.Context, name: str, days: int, scopes: tuple[str, ...], addresses: tuple[str, ...], description: str
) -> None:
    """Make an access token."""
    with writing(context) as (_, unit):
        row, text = services.create_token(
            unit, user_of(unit, name), days=days, scopes=scopes, description=description, addresses=addresses
        )
        found = {**queries.token_dict(row, name, unit), "token": text}
    emit(context, found)


@api_token.command("list", help="List the access tokens.")
@click.pass_context
def token_list(context: click.Context) -> None:
    """List access tokens."""
    with reading(context) as (_, unit):
        items = queries.access_tokens(unit)
    emit_list(context, items, ("id", "user", "scope", "description", "expires_at", "last_used", "state"))


@api_token.command("revoke", help="Revoke an access token.")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_revoke(context: click.Context, token_id: str) -> None:
    """Revoke an access token."""
    with writing(context) as (_, unit):
        services.revoke_token(unit, token_id)
    emit(context, {"id": token_id, "state": "revoked"})
