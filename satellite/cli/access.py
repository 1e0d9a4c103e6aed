"""`satellite api-token`."""

from __future__ import annotations

import click

from satellite.actions import access
from satellite.cli.base import group, reading, writing
from satellite.core.access.rules import Role
from serverkit.cli.base import emit, emit_list


@group.group("api-token", help="Manage access tokens for the API of this satellite.")
def api_token() -> None:
    """Hold the commands of access tokens."""


@api_token.command("create", help="Create an access token; its text is shown once.")
@click.option("--name", required=True, help="The program or person that uses it.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--days", type=int, required=True, help="Days until it expires, 1 to 365.")
@click.option("--address", "addresses", multiple=True, metavar="NETWORK", help="Accept it only from this network.")
@click.pass_context
def token_create(context: click.Context, name: str, role: str, days: int, addresses: tuple[str, ...]) -> None:
    """Create an access token."""
    with writing(context) as (_, unit):
        found = access.create_api_token(unit, name, role, days=days, addresses=addresses)
    emit(context, found)


@api_token.command("list", help="List the access tokens.")
@click.pass_context
def token_list(context: click.Context) -> None:
    """List access tokens."""
    with reading(context) as (_, unit):
        items = access.list_api_tokens(unit)
    emit_list(context, items, ("id", "name", "role", "expires_at", "last_used", "state"))


@api_token.command("revoke", help="Revoke an access token.")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_revoke(context: click.Context, token_id: str) -> None:
    """Revoke an access token."""
    with writing(context) as (_, unit):
        found = access.revoke_api_token(unit, token_id)
    emit(context, found)
