"""A program whose commands are imported when they are used: most of a command's start is what it imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from serverkit.cli.base import Group


class Program(Group):
    """A program's outermost group, whose modules are imported when one of their words is used.

    `modules` names for each module of `package` the words that it adds to the group. A command needs one of them; all are
    imported where all are listed.
    """

    package: str
    modules: Mapping[str, Sequence[str]]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command for a word."""
        for module, words in self.modules.items():
            if cmd_name in words:
                import_module(f"{self.package}.{module}")
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every word."""
        for module in self.modules:
            import_module(f"{self.package}.{module}")
        return super().list_commands(ctx)
