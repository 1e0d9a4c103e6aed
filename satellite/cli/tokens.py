"""`satellite token`."""

from __future__ import annotations

import click

from satellite.cli.base import chosen, group, reading, writing
from satellite.core.accounts.queries import names, virtual_account
from satellite.core.site.queries import authorized_site
from satellite.core.tokens import services
from satellite.core.tokens.queries import token_dict, tokens
from serverkit.cli.base import INTEGER, emit, emit_list


@group.group("token", help="Registration tokens for devices of this site.")
def token() -> None:
    """Hold the commands of tokens."""


@token.command("create", help="Make a registration token.")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--days", required=True, type=INTEGER, help="Days until it expires, 1 to 365.")
@click.option("--uses", type=INTEGER, help="How many devices it registers at most.")
@click.option("--export-controlled", is_flag=True, help="Its devices may ask for restricted licences.")
@click.option("--description", default="")
@click.pass_context
def token_create(
    context: click.Context, name: str, days: int, uses: int | None, export_controlled: bool, description: str
) -> None:
    """Make a token."""
    with writing(context) as (server, unit):
        authorized_site(unit)
        row, secret = services.create_token(
            unit,
            server.keyring.box,
            virtual_account(unit, name),
            days=days,
            uses=uses,
            export_controlled=export_controlled,
            description=description,
        )
        found = {**token_dict(row, name, unit), "token": secret}
    emit(context, found)


@token.command("list", help="List the tokens.")
@click.option("--virtual-account", "name", metavar="VA")
@click.pass_context
def token_list(context: click.Context, name: str | None) -> None:
    """List tokens."""
    with reading(context) as (_, unit):
        items = tokens(unit, names(unit), chosen(unit, name))
    columns = ("id", "virtual_account", "state", "expires_at", "uses", "max_uses", "export_controlled", "description")
    emit_list(context, items, columns)


@token.command("revoke", help="Revoke a token; what was registered with it stays.")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_revoke(context: click.Context, token_id: str) -> None:
    """Revoke a token."""
    with writing(context) as (_, unit):
        row = services.revoke_token(unit, services.find_token(unit, token_id))
        found = token_dict(row, names(unit).get(row.virtual_account_id, ""), unit)
    emit(context, found)


@token.command("remove", help="Remove a revoked or expired token.")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_remove(context: click.Context, token_id: str) -> None:
    """Remove a token."""
    with writing(context) as (_, unit):
        services.remove_token(unit, services.find_token(unit, token_id))
    emit(context, {"id": token_id, "removed": True})
