"""`central account | agreement | virtual-account | user | policy`."""

from __future__ import annotations

import click

from central.actions.virtual_accounts import delete_empty
from central.cli.base import group, reading, writing
from central.domain.access.services import actor_of
from central.domain.accounts import services
from central.domain.accounts.queries import (
    account_dict,
    all_accounts,
    by_domain,
    virtual_account,
    virtual_account_dict,
    virtual_accounts,
)
from central.domain.accounts.tags import begins, change_tags, tags_of
from central.domain.agreements.services import accept_agreement
from central.domain.alerts.queries import overview
from central.domain.preferences.queries import policies
from central.domain.preferences.rules import POLICIES
from central.domain.preferences.services import set_policy
from serverkit.cli.base import emit, emit_list


@group.group("account", help="Smart accounts.")
def account() -> None:
    """Hold the commands of accounts."""


@account.command("create", help="Make a smart account with its default virtual account.")
@click.argument("domain")
@click.option("--name", required=True)
@click.option("--export-allowed", is_flag=True, help="The account may use export-controlled functions.")
@click.pass_context
def account_create(context: click.Context, domain: str, name: str, export_allowed: bool) -> None:
    """Make an account."""
    with writing(context) as (_, unit):
        server = services.create_account(unit, domain, name, export_allowed=export_allowed)
        found = account_dict(server)
    emit(context, found)


@account.command("change", help="Change what the vendor sets of an account.")
@click.argument("domain")
@click.option("--name", help="Another name.")
@click.option("--export-allowed/--no-export-allowed", default=None, help="May it use export-controlled functions.")
@click.option("--reservation-allowed/--no-reservation-allowed", default=None, help="May licences be reserved by codes.")
@click.pass_context
def account_change(
    context: click.Context,
    domain: str,
    name: str | None,
    export_allowed: bool | None,
    reservation_allowed: bool | None,
) -> None:
    """Change an account."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        found = account_dict(services.change_account(unit, account, name, export_allowed, reservation_allowed))
    emit(context, found)


@account.command("list", help="List the smart accounts.")
@click.pass_context
def account_list(context: click.Context) -> None:
    """List accounts."""
    with reading(context) as (_, unit):
        items = [{**account_dict(row), **overview(unit, row.id)} for row in all_accounts(unit)]
    emit_list(context, items, ("domain", "name", "export_allowed", "agreement_version", "alerts", "roles", "id"))


@group.group("agreement", help="The licensing agreement.")
def agreement() -> None:
    """Hold the commands of the agreement."""


@agreement.command("accept", help="Accept the agreement in force for an account.")
@click.argument("domain")
@click.option("--as", "user", metavar="USER", help="The user who accepts; needs the authority.")
@click.pass_context
def agreement_accept(context: click.Context, domain: str, user: str | None) -> None:
    """Accept the agreement."""
    with writing(context) as (_, unit):
        if user is not None:
            unit.actor = actor_of(unit, user)
        row = accept_agreement(unit, by_domain(unit, domain))
        found = {**account_dict(row), "accepted_by": row.agreement_accepted_by}
    emit(context, found)


@group.group("virtual-account", help="Virtual accounts.")
def virtual() -> None:
    """Hold the commands of virtual accounts."""


@virtual.command("create", help="Make a virtual account.")
@click.argument("domain")
@click.argument("name")
@click.option("--description", default="")
@click.pass_context
def virtual_create(context: click.Context, domain: str, name: str, description: str) -> None:
    """Make a virtual account."""
    with writing(context) as (_, unit):
        row = services.create_virtual_account(unit, by_domain(unit, domain).id, name, description)
        found = virtual_account_dict(row)
    emit(context, found)


@virtual.command("list", help="List the virtual accounts of an account.")
@click.argument("domain")
@click.option("--search", default="", metavar="TEXT", help="Only those whose name or a tag begins with this.")
@click.pass_context
def virtual_list(context: click.Context, domain: str, search: str) -> None:
    """List virtual accounts."""
    with reading(context) as (_, unit):
        account = by_domain(unit, domain)
        tags = tags_of(unit, account.id)
        items = [
            {**virtual_account_dict(row), "tags": tags.get(row.id, [])}
            for row in virtual_accounts(unit, account.id)
            if begins(row.name, tags.get(row.id, []), search)
        ]
    emit_list(context, items, ("name", "default", "satellite", "tags", "description", "id"))


@virtual.command("tag", help="Set tags on a virtual account, or take them off.")
@click.argument("domain")
@click.argument("name")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Take the tags off.")
@click.pass_context
def virtual_tag(context: click.Context, domain: str, name: str, tags: tuple[str, ...], remove: bool) -> None:
    """Change tags."""
    with writing(context) as (_, unit):
        row = virtual_account(unit, by_domain(unit, domain).id, name)
        given = change_tags(unit, row, remove=tags) if remove else change_tags(unit, row, add=tags)
        found = {**virtual_account_dict(row), "tags": given}
    emit(context, found)


@virtual.command("rename", help="Give a virtual account another name.")
@click.argument("domain")
@click.argument("name")
@click.argument("new_name")
@click.pass_context
def virtual_rename(context: click.Context, domain: str, name: str, new_name: str) -> None:
    """Rename a virtual account."""
    with writing(context) as (_, unit):
        row = virtual_account(unit, by_domain(unit, domain).id, name)
        found = virtual_account_dict(services.rename_virtual_account(unit, row, new_name))
    emit(context, found)


@virtual.command("describe", help="Change the description of a virtual account.")
@click.argument("domain")
@click.argument("name")
@click.argument("description")
@click.pass_context
def virtual_describe(context: click.Context, domain: str, name: str, description: str) -> None:
    """Describe a virtual account."""
    with writing(context) as (_, unit):
        row = virtual_account(unit, by_domain(unit, domain).id, name)
        found = virtual_account_dict(services.describe_virtual_account(unit, row, description))
    emit(context, found)


@virtual.command("default", help="Make a virtual account the default.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def virtual_default(context: click.Context, domain: str, name: str) -> None:
    """Move the default mark."""
    with writing(context) as (_, unit):
        row = virtual_account(unit, by_domain(unit, domain).id, name)
        services.make_default(unit, row)
        found = virtual_account_dict(row)
    emit(context, found)


@virtual.command("delete", help="Delete an empty virtual account.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def virtual_delete(context: click.Context, domain: str, name: str) -> None:
    """Delete a virtual account."""
    with writing(context) as (_, unit):
        row = virtual_account(unit, by_domain(unit, domain).id, name)
        found = virtual_account_dict(row)
        delete_empty(unit, row)
    emit(context, {**found, "deleted": True})


@group.group("policy", help="The vendor's policies.")
def policy() -> None:
    """Hold the commands of policies."""


@policy.command("show", help="Show every policy.")
@click.pass_context
def policy_show(context: click.Context) -> None:
    """Show policies."""
    with reading(context) as (_, unit):
        values = policies(unit)
    emit(
        context, dict(values), "\n".join(f"{key}  {value}  ({POLICIES[key].allowed})" for key, value in values.items())
    )


@policy.command("set", help="Set a policy.")
@click.argument("key")
@click.argument("value")
@click.pass_context
def policy_set(context: click.Context, key: str, value: str) -> None:
    """Set a policy."""
    with writing(context) as (_, unit):
        values = set_policy(unit, key, value)
    emit(context, {"key": key, "value": values[key], **values})
