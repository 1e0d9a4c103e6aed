"""Commands: the same three options everywhere, one JSON object when asked for, stable exit codes.

`--home`, `--json` and `--no-input` are taken before the first sub-command and after the last word alike. Exit codes:
0 done, 1 refused or failed, 2 wrong usage.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import click

from serverkit.cli.types import DURATION, INTEGER, OUTPUT, TIME
from serverkit.db.unit import DatabaseFailure
from serverkit.errors import DatabaseUnavailableError, FileUnreadableError
from serverkit.ids import new_id
from serverkit.log import configure_logging, get_logger
from serverkit.owner import require_owner
from serverkit.storage import disk_of

__all__ = ["DURATION", "INTEGER", "OUTPUT", "TIME"]
MOST_SHOWN = 3000
UNAVAILABLE = DatabaseUnavailableError()


@dataclass
class CliState:
    """Values of the shared options."""

    home: Path | None = None
    json: bool = False
    no_input: bool = False

    @property
    def may_ask(self) -> bool:
        """Whether the program may ask a person."""
        return not self.no_input and not self.json and sys.stdin.isatty()


def _state(context: click.Context) -> CliState:
    return context.ensure_object(CliState)


def _take_home(context: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        if not value:
            raise click.UsageError("--home is empty: name a folder")
        _refuse_address(value)
        _state(context).home = Path(value)


def _refuse_address(named: str) -> None:
    if "://" in named:
        raise click.UsageError("a home is the path of a folder, not an address")


def _take_json(context: click.Context, _param: click.Parameter, value: bool) -> None:
    _state(context).json |= value


def _take_no_input(context: click.Context, _param: click.Parameter, value: bool) -> None:
    _state(context).no_input |= value


def _shared() -> list[click.Parameter]:
    return [
        click.Option(
            ["--home"], metavar="DIR", expose_value=False, callback=_take_home, is_eager=True, help="State folder."
        ),
        click.Option(
            ["--json"], is_flag=True, expose_value=False, callback=_take_json, is_eager=True, help="Print JSON."
        ),
        click.Option(
            ["--no-input"],
            is_flag=True,
            expose_value=False,
            callback=_take_no_input,
            is_eager=True,
            help="Never ask a question.",
        ),
    ]


class Command(click.Command):
    """A command that takes the shared options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the shared options behind the command's own."""
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_shared()]


class Group(click.Group):
    """A group whose commands and groups all take the shared options."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the shared options."""
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_shared()]


Group.group_class = Group


def emit(context: click.Context, value: dict[str, Any], text: str | None = None) -> None:
    """Print one object: JSON when asked for, else `text` or a plain rendering."""
    if _state(context).json:
        _say(_as_json(value))
    else:
        _say(printed(text if text is not None else render(value)))


def printed(text: str) -> str:
    """A text of several lines as a terminal may have it: what a device, a file or its name says is never a control."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)


def _as_json(value: object) -> str:
    """One line of JSON; what has no form on a terminal is escaped, so that programs read it as it is."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def _say(text: str, *, error: bool = False) -> None:
    """Print; what the terminal's encoding lacks is escaped in a way that JSON reads too."""
    stream = sys.stderr if error else sys.stdout
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(text)[1:-1].replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
    print(text, file=stream)


def emit_list(context: click.Context, items: Sequence[dict[str, Any]], columns: Sequence[str], **more: Any) -> None:
    """Print a list: `{"items": […]}`, or a table of the named columns."""
    emit(context, {"items": list(items), **more}, table(items, columns))


def emit_page(
    context: click.Context, items: Sequence[dict[str, Any]], columns: Sequence[str], following: str | None
) -> None:
    """Print a part of a long list, and the key with which to continue: no list ends without saying so."""
    more = "" if following is None else f"\n(more follow; continue with --after {following})"
    emit(context, {"items": list(items), "next": following}, table(items, columns) + more)


def render(value: dict[str, Any]) -> str:
    """An object as lines of names and values."""
    width = max((len(name) for name in value), default=0)
    return "\n".join(f"{name.ljust(width)}  {cell(entry)}" for name, entry in value.items())


def table(items: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Items as an aligned table."""
    if not items:
        return "(none)"
    rows = [[column.replace("_", " ") for column in columns]]
    rows += [[cell(item.get(column)) for column in columns] for item in items]
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def cell(value: Any) -> str:
    """A value as a word of a table; nothing in it reaches a terminal as a control."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(cell(entry) for entry in value) or "-"
    if isinstance(value, dict):
        return " ".join(f"{name}={cell(entry)}" for name, entry in value.items()) or "-"
    # Texts may come from devices and files: control characters must not reach a terminal.
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))


def home_of(context: click.Context, program: str) -> Path:
    """The state folder that a command works on; WrongOwnerError for another user's."""
    chosen = named_home(context, program)
    require_owner(chosen)
    return chosen


def named_home(context: click.Context, program: str) -> Path:
    """The state folder: --home, else the environment, else a folder of the user's."""
    chosen = _state(context).home
    if chosen is None:
        named = os.environ.get(f"{program.upper()}_HOME")
        _refuse_address(named or "")
        try:
            chosen = Path(named) if named else Path.home() / ".local" / "share" / "perigee" / program
        except RuntimeError as error:
            raise click.UsageError("this user has no folder of its own: name one with --home") from error
    return chosen


def run(
    group: click.Group, program: str, roots: tuple[type[Exception], ...], argv: Sequence[str] | None = None
) -> NoReturn:
    """Run a program's commands; every outcome becomes an exit code and, on failure, a code with its remedy."""
    _collect_seldom()
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    configure_logging("info")  # to standard error from the first line on; the home's own level comes with its settings
    state = CliState()
    try:
        _refuse_unreadable(arguments)
        code = group.main(args=arguments, prog_name=program, obj=state, standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.UsageError as error:
        _fail(as_json, "usage", error.format_message(), "Run the command with --help.")
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except roots as error:
        _fail(as_json, str(getattr(error, "code", "error")), _message(error), str(getattr(error, "remedy", "")))
        sys.exit(1)
    except DatabaseFailure as error:
        get_logger().error("database_failed", cause=type(error).__name__)
        _fail(as_json, UNAVAILABLE.code, UNAVAILABLE.message, UNAVAILABLE.remedy)
        sys.exit(1)
    except OSError as error:
        name = Path(str(error.filename)).name if error.filename else "a file"
        known = disk_of(error) or FileUnreadableError("cannot use {name}: {reason}", name=name, reason=error.strerror)
        _fail(as_json, known.code, known.message, str(known.remedy))
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a reference instead of inner text
        reference = new_id()[:12]
        get_logger().error("internal_error", reference=reference, cause=type(error).__name__)
        _say(printed(traceback.format_exc()), error=True)
        _fail(
            as_json,
            "internal_error",
            f"the program failed (reference {reference})",
            "Search the log for the reference.",
        )
        sys.exit(1)
    # A command that ends with an exit code returns it here.
    sys.exit(code if isinstance(code, int) else 0)


@cache
def _collect_seldom() -> None:
    """Collect garbage less often, once per process: what was imported stays, and rows come by the hundred thousand."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _refuse_unreadable(arguments: Sequence[str]) -> None:
    # Bytes that are no UTF-8 arrive as lone surrogates, which neither a database nor JSON can hold.
    if any("\ud800" <= letter <= "\udfff" for argument in arguments for letter in argument):
        raise click.UsageError("an argument is not UTF-8")


def _message(error: Exception) -> str:
    return str(getattr(error, "message", "") or error)


def _fail(as_json: bool, code: str, message: str, remedy: str) -> None:
    if len(message) > MOST_SHOWN:
        message = message[:MOST_SHOWN] + "…"
    if as_json:
        _say(_as_json({"error": {"code": code, "message": message, "remedy": remedy}}))
    else:
        _say(printed(f"error ({code}): {cell(message)}\n  {remedy}"), error=True)
