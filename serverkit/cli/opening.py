"""What a command needs of a server: its home, and a unit of work on its database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import Any, BinaryIO, Generic, Protocol, TypeAlias, TypeVar

import click

from serverkit.actor import OPERATOR, Actor
from serverkit.cli.base import emit, home_of, named_home
from serverkit.db.timekeeper import Timekeeper
from serverkit.db.unit import Database, Unit
from serverkit.errors import FileUnreadableError
from serverkit.log import configure_logging
from serverkit.settings import ServerAppSettings

FILE = click.Path(path_type=Path, dir_okay=False)


@contextmanager
def readable(file: Path) -> Iterator[Callable[[], AbstractContextManager[BinaryIO]]]:
    """How to open a file that a command was given; FileUnreadableError where that fails."""
    try:
        yield lambda: file.open("rb")
    except OSError as error:
        raise FileUnreadableError("cannot read {name}: {reason}", name=file.name, reason=error.strerror) from error


class Server(Protocol):
    """A server that was set up."""

    @property
    def home(self) -> Path:
        """Its state folder."""
        ...

    @property
    def settings(self) -> ServerAppSettings:
        """Its settings."""
        ...

    @property
    def clock(self) -> Timekeeper:
        """Its clock."""
        ...

    @property
    def database(self) -> Database:
        """Its database."""
        ...

    @property
    def state_elsewhere(self) -> list[Path]:
        """Folders of its state outside the home."""
        ...

    def missing_keys(self) -> list[str]:
        """Key files that it needs and does not find."""
        ...


S = TypeVar("S", bound=Server)
View: TypeAlias = dict[str, Any]


class Opener(Generic[S]):
    """Opens the server of a command's home; it is closed with the command."""

    def __init__(self, name: str, open_server: Callable[[Path], S]) -> None:
        """`name` is the server's, by which its default home is found."""
        self._name = name
        self._open = open_server

    def home(self, context: click.Context) -> Path:
        """The state folder that the command works on."""
        return home_of(context, self._name)

    def named(self, context: click.Context) -> Path:
        """The state folder, without a look at its owner."""
        return named_home(context, self._name)

    def opened(self, context: click.Context) -> S:
        """The server of this home."""
        server = self._open(self.home(context))
        context.call_on_close(server.database.dispose)
        configure_logging(server.settings.log.level)
        return server

    @contextmanager
    def writing(self, context: click.Context, actor: Actor = OPERATOR) -> Iterator[tuple[S, Unit]]:
        """A unit of work that is committed when the command succeeds."""
        server = self.opened(context)
        with server.database.write(actor) as unit:
            yield server, unit

    @contextmanager
    def reading(self, context: click.Context) -> Iterator[tuple[S, Unit]]:
        """A unit of work that only looks."""
        server = self.opened(context)
        with server.database.read(OPERATOR) as unit:
            yield server, unit

    def shows(
        self, parent: click.Group, name: str, text: str, *, writes: bool = False
    ) -> Callable[[Callable[[S, Unit], View]], click.Command]:
        """Make a function the command `name` of `parent`, without options: what the function gives is printed."""

        def command_of(act: Callable[[S, Unit], View]) -> click.Command:
            def run() -> None:
                context = click.get_current_context()
                with self.writing(context) if writes else self.reading(context) as (server, unit):
                    found = act(server, unit)
                emit(context, found)

            return parent.command(name, help=text)(update_wrapper(run, act))

        return command_of
