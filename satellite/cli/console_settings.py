"""`satellite banner | network` (row S3.4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from satellite.actions import console_settings as actions
from satellite.cli.base import FILE, group, shows, writing
from satellite.runtime import Satellite
from serverkit.cli.base import emit
from serverkit.db.unit import Unit
from serverkit.files import read_bounded


@group.group("banner", help="The text of the sign-in page.")
def banner() -> None:
    """Hold the commands of the banner."""


@shows(banner, "show", "Show the text of the sign-in page.")
def banner_show(_server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the text."""
    return {"text": actions.show_banner(unit)}


@banner.command("set", help="Change the text of the sign-in page; without a file nothing is shown.")
@click.option("--file", type=FILE, help="File with the text, in UTF-8.")
@click.pass_context
def banner_set(context: click.Context, file: Path | None) -> None:
    """Change the text."""
    text = read_bounded(file, 64 * 1024).decode("utf-8", "replace") if file is not None else ""
    with writing(context) as (_, unit):
        found = actions.change_banner(unit, text)
    emit(context, {"text": found})


@group.group("network", help="Names by which this server is reached, and the proxy of synchronization.")
def network() -> None:
    """Hold the commands of the network."""


@shows(network, "show", "Show names and proxy, and what the system says of the network.")
def network_show(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the network."""
    return actions.show_network(server, unit)


@network.command("set", help="Change names and proxy; what is not named stays.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Host name or address; all of them together.")
@click.option("--no-names", is_flag=True, help="Remove all names.")
@click.option("--proxy", help="http://[user:password@]host:port, or empty for none.")
@click.pass_context
def network_set(context: click.Context, names: tuple[str, ...], no_names: bool, proxy: str | None) -> None:
    """Change the network."""
    with writing(context) as (server, unit):
        found = actions.change_network(server, unit, names if names or no_names else None, proxy)
    emit(context, found)
