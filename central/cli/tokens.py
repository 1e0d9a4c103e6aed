"""`central token`."""

from __future__ import annotations

import click

from central.actions import tokens
from central.cli.base import group, reading, writing
from serverkit.cli.base import INTEGER, emit, emit_list


@group.group("token", help="Manage registration tokens of devices that connect to central directly.")
def token() -> None:
    """Hold the commands of tokens."""


@token.command("create", help="Create a registration token.")
@click.argument("domain")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--days", required=True, type=INTEGER, help="Days until it expires, 1 to 365.")
@click.option("--uses", type=INTEGER, help="Maximum number of devices that it registers.")
@click.option("--export-controlled", is_flag=True, help="Its devices may request restricted licences.")
@click.option("--description", default="")
@click.pass_context
def token_create(
    context: click.Context,
    domain: str,
    name: str,
    days: int,
    uses: int | None,
    export_controlled: bool,
    description: str,
) -> None:
    """Create a token."""
    with writing(context) as (server, unit):
        _, found = tokens.create_token(
            unit,
            server.keyring.box,
            domain,
            name,
            days=days,
            uses=uses,
            export_controlled=export_controlled,
            description=description,
        )
    emit(context, found)


@token.command("list", help="List the tokens of an account.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA")
@click.pass_context
def token_list(context: click.Context, domain: str, name: str | None) -> None:
    """List tokens."""
    with reading(context) as (_, unit):
        items = tokens.list_tokens(unit, domain, name, tokens.NEWEST).items
    terms = ("state", "expires_at", "uses", "max_uses", "export_controlled")
    columns = ("id", "virtual_account", "satellite_name", "as_of", *terms, "description")
    emit_list(context, items, columns)


@token.command("revoke", help="Revoke a token; devices that registered with it stay registered.")
@click.argument("domain")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_revoke(context: click.Context, domain: str, token_id: str) -> None:
    """Revoke a token."""
    with writing(context) as (_, unit):
        found = tokens.revoke_token(unit, domain, token_id)
    emit(context, found)


@token.command("remove", help="Remove a revoked or expired token.")
@click.argument("domain")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_remove(context: click.Context, domain: str, token_id: str) -> None:
    """Remove a token."""
    with writing(context) as (_, unit):
        tokens.remove_token(unit, domain, token_id)
    emit(context, {"id": token_id, "removed": True})
