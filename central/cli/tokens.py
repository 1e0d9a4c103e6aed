"""`central token`."""

from __future__ import annotations

import click

from central.cli.base import chosen, group, names_of, reading, writing
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.tokens import services
from central.domain.tokens.queries import token_dict, tokens
from serverkit.cli.base import INTEGER, emit, emit_list


@group.group("token", help="Registration tokens of devices that are connected to central itself.")
def token() -> None:
    """Hold the commands of tokens."""


@token.command("create", help="Make a registration token.")
@click.argument("domain")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--days", required=True, type=INTEGER, help="Days until it expires, 1 to 365.")
@click.option("--uses", type=INTEGER, help="How many devices it registers at most.")
@click.option("--export-controlled", is_flag=True, help="Its devices may ask for restricted licences.")
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
    """Make a token."""
    with writing(context) as (server, unit):
        account = by_domain(unit, domain)
        home = virtual_account(unit, account.id, name)
        row, secret = services.create_token(
            unit,
            server.keyring.box,
            account,
            home,
            days=days,
            uses=uses,
            export_controlled=export_controlled,
            description=description,
        )
        found = {**token_dict(row, name, unit), "token": secret}
    emit(context, found)


@token.command("list", help="List the tokens of an account.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA")
@click.pass_context
def token_list(context: click.Context, domain: str, name: str | None) -> None:
    """List tokens."""
    with reading(context) as (_, unit):
        account, va = chosen(unit, domain, name)
        items = tokens(unit, account.id, names_of(unit, account), va)
    terms = ("state", "expires_at", "uses", "max_uses", "export_controlled")
    columns = ("id", "virtual_account", "satellite_name", "as_of", *terms, "description")
    emit_list(context, items, columns)


@token.command("revoke", help="Revoke a token; what was registered with it stays.")
@click.argument("domain")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_revoke(context: click.Context, domain: str, token_id: str) -> None:
    """Revoke a token."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        row = services.revoke_token(unit, services.find_token(unit, account.id, token_id))
        found = token_dict(row, names_of(unit, account)[row.virtual_account_id], unit)
    emit(context, found)


@token.command("remove", help="Remove a revoked or expired token.")
@click.argument("domain")
@click.argument("token_id", metavar="ID")
@click.pass_context
def token_remove(context: click.Context, domain: str, token_id: str) -> None:
    """Remove a token."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        services.remove_token(unit, services.find_token(unit, account.id, token_id))
    emit(context, {"id": token_id, "removed": True})
