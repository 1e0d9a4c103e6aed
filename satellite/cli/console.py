"""`satellite console`: a menu for a person at the machine, in which every entry is a command too (row S3.5)."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.errors import ExchangeError
from satellite.cli.base import group, home, opened
from satellite.cli.menu_base import Menu
from satellite.cli.menu_entries import ENTRIES, Entry
from serverkit.cli.base import UNAVAILABLE, CliState, cell
from serverkit.cli.terminal import Terminal
from serverkit.db.unit import DatabaseFailure
from serverkit.errors import AppError, FileUnreadableError

MEDIA = (Path("/media"), Path("/run/media"))
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@group.command("console", help="Show a menu on a terminal: state, time, files on a stick, backup, users, log.")
@click.option(
    "--media", multiple=True, type=FOLDER, metavar="FOLDER", help="Where files are carried, in place of mounted media."
)
@click.pass_context
def console(context: click.Context, media: tuple[Path, ...]) -> None:
    """Lead through the menu until its end, or the end of the input."""
    terminal = Terminal(context.ensure_object(CliState))
    opened(context).database.dispose()  # what is wrong with the home is said as by any command
    menu = Menu(terminal, home(context), media or MEDIA, named=bool(media))
    while _turn(menu):
        pass


def _turn(menu: Menu) -> bool:
    """Show the menu and follow one entry; whether the menu goes on."""
    terminal = menu.terminal
    try:
        terminal.clear()
        terminal.say(menu.headline())
        terminal.say()
        for at, entry in enumerate(ENTRIES, 1):
            terminal.say(f"{at:>3}  {entry.title:<36} {entry.command}".rstrip())
        terminal.say("  0  End")
        answer = terminal.ask("\nEntry: ")
    except (EOFError, KeyboardInterrupt):
        terminal.say()
        return False
    entries = {str(at): entry for at, entry in enumerate(ENTRIES, 1)}
    return answer not in {"0", "q"} and (answer not in entries or _follow(menu, entries[answer]))


def _follow(menu: Menu, entry: Entry) -> bool:
    """Do what an entry says; an interruption leads back to the menu, the end of the input ends it."""
    terminal = menu.terminal
    terminal.clear()
    terminal.say(f"{entry.title}\n")
    try:
        try:
            entry.act(menu)
        except DatabaseFailure:
            terminal.say(f"error ({UNAVAILABLE.code}): {UNAVAILABLE.message}\n  {UNAVAILABLE.remedy}")
        except (AppError, ExchangeError) as error:
            terminal.say(f"error ({error.code}): {cell(error.message)}\n  {error.remedy}")
        except OSError as error:
            terminal.say(f"error ({FileUnreadableError.code}): {error.strerror}\n  {FileUnreadableError.remedy}")
        terminal.ask("\nEnter: back to the menu ")
    except KeyboardInterrupt:
        terminal.say()
    except EOFError:
        terminal.say()
        return False
    return True
