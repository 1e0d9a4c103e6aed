"""`config check | show` of both servers: the settings of the machine, without opening anything else (row S3.5)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from serverkit.cli.base import CliState, Group, cell, emit, table
from serverkit.errors import FileUnreadableError, SettingsError
from serverkit.settings import ServerAppSettings
from serverkit.settings_file import FILE, describe_settings, load_settings, read_settings

CANDIDATE = click.Path(path_type=Path, dir_okay=False)


def add_config_commands(
    group: Group, model: type[ServerAppSettings], prefix: str, home: Callable[[click.Context], Path]
) -> None:
    """Add the commands to a program; they work on a home that was not set up yet, too."""
    config = Group("config", help="Settings of this machine: the file and the environment.")
    group.add_command(config)

    @config.command(
        "check", help="Check the settings as a start would; every fault with its line and the nearest name."
    )
    @click.argument("file", type=CANDIDATE, required=False)
    @click.pass_context
    def check(context: click.Context, file: Path | None) -> None:
        """Check what is, or a file that is to replace it."""
        path = file if file is not None else home(context) / FILE
        if file is not None and not file.is_file():
            raise FileUnreadableError("cannot read {name}: no such file", name=file.name[:80])
        settings, faults = read_settings(model, path, prefix)
        view = {
            "sound": settings is not None,
            "file": str(path.resolve()) if path.exists() else None,
            "faults": sorted(map(_fault, faults), key=lambda one: one["line"] or 0),
        }
        emit(context, view, _text(view))
        if settings is None:
            context.exit(1)

    @config.command("show", help="Show each setting as a start would take it; secrets are hidden.")
    @click.option("--origin", is_flag=True, help="Where each value comes from: default, file, environment or option.")
    @click.pass_context
    def show(context: click.Context, origin: bool) -> None:
        """Show the settings."""
        folder = home(context)
        settings = load_settings(model, folder, prefix)
        items = [_home(context, folder, prefix), *describe_settings(settings, folder, prefix)]
        shown = [{**one, "value": "(hidden)" if one["hidden"] else _value(one["value"])} for one in items]
        names = ("name", "value", "source", "place") if origin else ("name", "value")
        kept = items if origin else [{name: one[name] for name in ("name", "value", "hidden")} for one in items]
        emit(context, {"items": kept}, table(shown, names))


def _home(context: click.Context, folder: Path, prefix: str) -> dict[str, Any]:
    """The home, which is no setting of the file."""
    source, place = "default", ""
    if os.environ.get(f"{prefix}_HOME"):
        source, place = "environment", f"{prefix}_HOME"
    if context.ensure_object(CliState).home is not None:
        source, place = "option", "--home"
    return {"name": "home", "value": str(folder), "hidden": False, "source": source, "place": place}


def _value(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _fault(error: SettingsError) -> dict[str, Any]:
    """A fault for programs; `line` is of the file, `variable` of the environment."""
    fields = error.fields
    return {
        "code": error.code,
        "setting": fields.get("setting"),
        "message": error.message,
        "line": fields.get("line"),
        "variable": fields.get("variable"),
        "remedy": error.remedy,
    }


def _text(view: dict[str, Any]) -> str:
    named = view["file"] or f"no {FILE}: defaults and environment"
    if view["sound"]:
        return f"sound: {named}"
    return "\n".join(
        [f"{len(view['faults'])} wrong: {named}", *(f"- {cell(one['message'])}" for one in view["faults"])]
    )
