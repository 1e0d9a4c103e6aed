"""`central account | agreement | virtual-account | policy`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions import accounts, policies, virtual_accounts
from central.cli.base import FILE, group, reading, writing
from serverkit.cli.base import emit, emit_list
from serverkit.files import read_bounded

AGREEMENT_BYTES = 1024 * 1024


@group.group("account", help="Manage smart accounts.")
def account() -> None:
    """Hold the commands of accounts."""


@account.command("create", help="Create a smart account with its default virtual account.")
@click.argument("domain")
@click.option("--name", required=True)
@click.option("--export-allowed", is_flag=True, help="The account may use export-controlled functions.")
@click.pass_context
def account_create(context: click.Context, domain: str, name: str, export_allowed: bool) -> None:
    """Create an account."""
    with writing(context) as (_, unit):
        found = accounts.create_account(unit, domain, name, export_allowed=export_allowed)
    emit(context, found)


@account.command("change", help="Change the properties of an account that only the vendor sets.")
@click.argument("domain")
@click.option("--name", help="The new name.")
@click.option("--export-allowed/--no-export-allowed", default=None, help="Allow export-controlled functions.")
@click.option("--reservation-allowed/--no-reservation-allowed", default=None, help="Allow licence reservation by code.")
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
        found = accounts.change_account(unit, domain, name, export_allowed, reservation_allowed)
    emit(context, found)


@account.command("list", help="List the smart accounts.")
@click.pass_context
def account_list(context: click.Context) -> None:
    """List accounts."""
    with reading(context) as (_, unit):
        items = accounts.list_accounts(unit, accounts.BY_DOMAIN).items
    emit_list(context, items, ("domain", "name", "export_allowed", "agreement_version", "alerts", "roles", "id"))


@group.group("agreement", help="Manage the licensing agreement.")
def agreement() -> None:
    """Hold the commands of the agreement."""


@agreement.command(
    "publish", help="Publish the text of the agreement as a new version; every account has to accept it."
)
@click.option("--text", "text_file", type=FILE, required=True, metavar="FILE", help="The text, UTF-8.")
@click.pass_context
def agreement_publish(context: click.Context, text_file: Path) -> None:
    """Publish the agreement."""
    text = read_bounded(text_file, AGREEMENT_BYTES).decode("utf-8", "replace")
    with writing(context) as (_, unit):
        found = accounts.publish_agreement(unit, text)
    emit(context, found)


@agreement.command("accept", help="Accept the agreement in force for an account.")
@click.argument("domain")
@click.option("--as", "user", metavar="USER", help="The user who accepts; needs the authority.")
@click.pass_context
def agreement_accept(context: click.Context, domain: str, user: str | None) -> None:
    """Accept the agreement."""
    with writing(context) as (_, unit):
        found = accounts.accept_agreement(unit, domain, user)
    emit(context, found)


@group.group("virtual-account", help="Manage virtual accounts.")
def virtual() -> None:
    """Hold the commands of virtual accounts."""


@virtual.command("create", help="Create a virtual account.")
@click.argument("domain")
@click.argument("name")
@click.option("--description", default="")
@click.pass_context
def virtual_create(context: click.Context, domain: str, name: str, description: str) -> None:
    """Create a virtual account."""
    with writing(context) as (_, unit):
        found = virtual_accounts.create_virtual_account(unit, domain, name, description)
    emit(context, found)


@virtual.command("list", help="List the virtual accounts of an account.")
@click.argument("domain")
@click.option("--search", default="", metavar="TEXT", help="Only those whose name or a tag begins with this text.")
@click.pass_context
def virtual_list(context: click.Context, domain: str, search: str) -> None:
    """List virtual accounts."""
    with reading(context) as (_, unit):
        items = virtual_accounts.list_virtual_accounts(unit, domain, search, virtual_accounts.BY_NAME).items
    emit_list(context, items, ("name", "default", "satellite", "tags", "description", "id"))


@virtual.command("tag", help="Set or remove tags of a virtual account.")
@click.argument("domain")
@click.argument("name")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Remove the tags.")
@click.pass_context
def virtual_tag(context: click.Context, domain: str, name: str, tags: tuple[str, ...], remove: bool) -> None:
    """Change tags."""
    with writing(context) as (_, unit):
        found = virtual_accounts.change_tags(unit, domain, name, () if remove else tags, tags if remove else ())
    emit(context, found)


@virtual.command("tags", help="List the tags of virtual accounts.")
@click.argument("domain")
@click.pass_context
def virtual_tags(context: click.Context, domain: str) -> None:
    """List tags."""
    with reading(context) as (_, unit):
        items = virtual_accounts.list_tags(unit, domain)
    emit_list(context, items, ("name", "virtual_accounts"))


@virtual.command("rename-tag", help="Rename a tag on every virtual account that has it.")
@click.argument("domain")
@click.argument("tag")
@click.argument("new_name")
@click.pass_context
def virtual_rename_tag(context: click.Context, domain: str, tag: str, new_name: str) -> None:
    """Rename a tag."""
    with writing(context) as (_, unit):
        found = virtual_accounts.rename_tag(unit, domain, tag, new_name)
    emit(context, found)


@virtual.command("rename", help="Rename a virtual account.")
@click.argument("domain")
@click.argument("name")
@click.argument("new_name")
@click.pass_context
def virtual_rename(context: click.Context, domain: str, name: str, new_name: str) -> None:
    """Rename a virtual account."""
    with writing(context) as (_, unit):
        found = virtual_accounts.change_virtual_account(unit, domain, name, new_name=new_name)
    emit(context, found)


@virtual.command("describe", help="Change the description of a virtual account.")
@click.argument("domain")
@click.argument("name")
@click.argument("description")
@click.pass_context
def virtual_describe(context: click.Context, domain: str, name: str, description: str) -> None:
    """Describe a virtual account."""
    with writing(context) as (_, unit):
        found = virtual_accounts.change_virtual_account(unit, domain, name, description=description)
    emit(context, found)


@virtual.command("default", help="Make a virtual account the default.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def virtual_default(context: click.Context, domain: str, name: str) -> None:
    """Change the default virtual account."""
    with writing(context) as (_, unit):
        found = virtual_accounts.make_default(unit, domain, name)
    emit(context, found)


@virtual.command("delete", help="Delete an empty virtual account.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def virtual_delete(context: click.Context, domain: str, name: str) -> None:
    """Delete a virtual account."""
    with writing(context) as (_, unit):
        found = virtual_accounts.delete_virtual_account(unit, domain, name)
    emit(context, {**found, "deleted": True})


@group.group("policy", help="Show and set the vendor's policies.")
def policy() -> None:
    """Hold the commands of policies."""


@policy.command("show", help="Show every policy.")
@click.pass_context
def policy_show(context: click.Context) -> None:
    """Show policies."""
    with reading(context) as (_, unit):
        values = policies.show_policies(unit)
    lines = (f"{key}  {value}  ({policies.allowed_values(key)})" for key, value in values.items())
    emit(context, values, "\n".join(lines))


@policy.command("set", help="Set a policy.")
@click.argument("key")
@click.argument("value")
@click.pass_context
def policy_set(context: click.Context, key: str, value: str) -> None:
    """Set a policy."""
    with writing(context) as (_, unit):
        values = policies.set_policy(unit, key, value)
    emit(context, {"key": key, "value": values[key], **values})
