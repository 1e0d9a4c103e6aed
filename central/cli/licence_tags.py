"""`central tag list | rename | delete` and `central licence tag | untag`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from central.actions import licence_tags as actions
from central.cli.base import group, reading, writing
from serverkit.cli.base import Command, emit, emit_list

PLACE = click.option("--virtual-account", "name", required=True, metavar="VA")


@group.group("tag", help="Tags on licences and lots; each belongs to a virtual account.")
def tag() -> None:
    """Hold the commands of tags."""


@tag.command("list", help="List tags with the number of licences and lots that have them.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")
@click.pass_context
def tag_list(context: click.Context, domain: str, name: str | None) -> None:
    """List tags."""
    with reading(context) as (_, unit):
        items = actions.list_licence_tags(unit, domain, name)
    emit_list(context, items, ("name", "virtual_account", "licences", "lots", "id"))


@tag.command("rename", help="Rename a tag wherever it is set.")
@click.argument("domain")
@click.argument("tag_name", metavar="TAG")
@click.argument("new_name")
@PLACE
@click.pass_context
def tag_rename(context: click.Context, domain: str, tag_name: str, new_name: str, name: str) -> None:
    """Rename a tag."""
    with writing(context) as (_, unit):
        found = actions.rename_licence_tag(unit, domain, name, tag_name, new_name)
    emit(context, found)


@tag.command("delete", help="Delete a tag from all licences and lots that have it.")
@click.argument("domain")
@click.argument("tag_name", metavar="TAG")
@PLACE
@click.pass_context
def tag_delete(context: click.Context, domain: str, tag_name: str, name: str) -> None:
    """Delete a tag."""
    with writing(context) as (_, unit):
        found = actions.delete_licence_tag(unit, domain, name, tag_name)
    emit(context, {**found, "deleted": True})


def _command(verb: str, text: str, *, remove: bool) -> click.Command:
    def change(context: click.Context, domain: str, tags: tuple[str, ...], name: str, licences: Any, lots: Any) -> None:
        with writing(context) as (_, unit):
            found = actions.tag_licences(unit, domain, name, tags, licences, lots, remove=remove)
        emit(context, found)

    decorators: tuple[Callable[[Any], Any], ...] = (
        click.pass_context,
        click.option("--lot", "lots", multiple=True, metavar="ID", help="A lot; repeat it for more."),
        click.option("--licence", "licences", multiple=True, metavar="NAME", help="A licence; repeat it for more."),
        PLACE,
        click.argument("tags", metavar="TAG...", nargs=-1, required=True),
        click.argument("domain"),
    )
    made: Any = change
    for one in decorators:
        made = one(made)
    return click.command(verb, cls=Command, help=text)(made)


licence_tag = _command("tag", "Set tags, separated by commas, on licences and lots.", remove=False)
licence_untag = _command("untag", "Remove tags from licences and lots.", remove=True)
