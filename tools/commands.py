"""The commands of the four programs as the code declares them: for the page of commands and for the manual pages."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Iterator

import click

import agent.cli
import exchange.__main__
from central.cli.base import group as central_group
from satellite.cli.base import group as satellite_group

PACKAGES = ("exchange", "serverkit", "central", "satellite", "agent")
PROGRAMS = ("central", "satellite", "agent", "exchange")
SERVERS: dict[str, click.Group] = {"central": central_group, "satellite": satellite_group}
SHARED = {"home", "json", "no_input", "help"}
"""Options that every command takes."""

Command = tuple[str, str, list[str]]
"""The words of a command, what it does, what it takes."""


def import_all() -> None:
    """Import every module, since commands and refusals are in modules that add themselves."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, name + "."):
            if ".migrations" not in found.name and not found.name.endswith("__main__"):
                importlib.import_module(found.name)


def commands(program: str) -> list[Command]:
    """Every command of a program."""
    import_all()
    if program in SERVERS:
        return [_described(path, command) for path, command in _leaves(SERVERS[program], program)]
    module = {"agent": agent.cli, "exchange": exchange.__main__}[program]
    return list(_argparse_commands(module.build_parser(), program))


def without_shared_options() -> dict[str, set[str]]:
    """The commands of the servers that miss one of the options that every command takes, and which."""
    import_all()
    found = {}
    for program, group in SERVERS.items():
        for path, command in _leaves(group, program):
            missing = SHARED - {"help"} - {str(param.name) for param in command.params}
            if missing:
                found[path] = missing
    return found


def _leaves(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in sorted(command.commands):
        yield from _leaves(command.commands[name], f"{path} {name}")


def _described(path: str, command: click.Command) -> Command:
    words = []
    for param in command.params:
        if param.name in SHARED:
            continue
        if isinstance(param, click.Option):
            shown = "/".join(param.opts) + ("" if param.is_flag else f" {_value(param)}")
        else:
            shown = param.make_metavar(click.Context(command))
            shown = shown if param.required else shown.removeprefix("[").removesuffix("]")
        words.append(shown if param.required else f"[{shown}]")
    return path, command.help or "", words


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(option.type.choices)
    return option.metavar or (option.name or "").upper()


def _argparse_commands(parser: argparse.ArgumentParser, path: str) -> Iterator[Command]:
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 - listed nowhere else
    if nested:
        for name in sorted(nested[0].choices):
            yield from _argparse_commands(nested[0].choices[name], f"{path} {name}")
        return
    words = []
    for action in parser._actions:  # noqa: SLF001 - as above
        if action.dest in SHARED:
            continue
        value = action.metavar or ("|".join(action.choices) if action.choices else action.dest.upper())
        names = "/".join(action.option_strings)
        shown = (names if action.nargs == 0 else f"{names} {value}") if names else str(value)
        words.append(shown if action.required else f"[{shown}]")
    yield path, parser.description or "", words
