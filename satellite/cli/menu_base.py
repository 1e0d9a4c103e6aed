"""What the entries of `satellite console` share: the terminal, looks at the satellite, running commands, media."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from exchange.errors import ExchangeError
from satellite.actions.counts import count_alerts, count_instances
from satellite.actions.media import find_media
from satellite.actions.site import show_status
from satellite.cli.base import group
from satellite.runtime import Satellite, open_satellite
from serverkit.actor import OPERATOR
from serverkit.cli.base import cell, render, run
from serverkit.cli.terminal import Terminal
from serverkit.db.unit import DatabaseFailure, Unit
from serverkit.errors import AppError

UNMOUNT = "Unmount the stick before you pull it out."


@dataclass(frozen=True)
class Menu:
    """A menu of one home: its terminal, and the folders where files are carried; `named` by the person who started it."""

    terminal: Terminal
    home: Path
    media: Sequence[Path]
    named: bool

    @contextmanager
    def reading(self) -> Iterator[tuple[Satellite, Unit]]:
        """A look at the satellite; nothing stays open while the menu waits for an answer."""
        with self.server() as server, server.database.read(OPERATOR) as unit:
            yield server, unit

    @contextmanager
    def server(self) -> Iterator[Satellite]:
        """The satellite, for one action."""
        server = open_satellite(self.home)
        try:
            yield server
        finally:
            server.database.dispose()

    def headline(self) -> str:
        """Who this is and how it does, in few lines; what prevents a look where there is one."""
        try:
            with self.reading() as (server, unit):
                return _overview(server, unit)
        except DatabaseFailure:
            return "Perigee satellite: the database is not available"
        except (AppError, ExchangeError) as error:
            return f"Perigee satellite: {cell(error.message)} ({error.code})"

    def run(self, *words: str, shown: Sequence[str] = ()) -> bool:
        """Run a command of this program, show what it prints, and tell whether it succeeded; `shown` hides a secret."""
        self.terminal.say(f"Command: satellite {cell(shlex.join(shown or words))}\n")
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            try:
                run(group, "satellite", (AppError, ExchangeError), ["--home", str(self.home), "--no-input", *words])
            except SystemExit as ended:
                code = ended.code
        self.terminal.show(out.getvalue().rstrip("\n") or ("done" if code == 0 else "stopped"))
        return code == 0

    def medium(self) -> Path | None:
        """The removable medium that the person means; None where there is none, or none was chosen."""
        found = find_media(self.media, named=self.named)
        if not found:
            places = " and ".join(str(place) for place in self.media)
            self.terminal.say(f"No removable medium is mounted under {places}.\n")
            self.terminal.say("Plug the stick in and mount it, for example: mount /dev/sdb1 /media\nThen try again.")
            return None
        for at, folder in enumerate(found, 1):
            self.terminal.say(f"{at:>3}  {cell(folder)}")
        if len(found) == 1:
            self.terminal.say()
            return found[0]
        chosen = self.terminal.choose("Which medium?", len(found))
        return None if chosen is None else found[chosen - 1]

    def still_there(self, folder: Path) -> bool:
        """Whether a medium was not pulled out meanwhile: the folder below it is the machine's own disk."""
        if folder in find_media(self.media, named=self.named):
            return True
        self.terminal.say(
            f"{cell(folder)} is no longer there: the stick was pulled out or unmounted. Nothing was written."
        )
        return False

    def write(self, what: str, suffix: str, *words: str) -> None:
        """Run a command that writes a new file to a medium."""
        folder = self.medium()
        if folder is None or not self.still_there(folder):
            return
        with self.reading() as (server, unit):
            name = re.sub(r"[^a-z0-9]+", "-", show_status(server, unit)["name"].lower()).strip("-")[:40]
            stamp = f"{unit.now:%Y%m%d-%H%M%S}"
        self.terminal.say("Please wait.")
        self.run(*words, "--output", str(folder / f"{name or 'satellite'}-{what}-{stamp}{suffix}"))
        self.terminal.say(f"\n{UNMOUNT}")


def _overview(server: Satellite, unit: Unit) -> str:
    status = show_status(server, unit)
    states: dict[str, int] = {}
    for (_, state), count in count_instances(unit).items():
        states[state] = states.get(state, 0) + count
    alerts = ", ".join(f"{count} {name}" for name, count in count_alerts(unit).items() if count)
    devices = ", ".join(f"{count} {name}" for name, count in sorted(states.items()))
    account = f", account {status['account']}" if status["account"] else ""
    restored = ", restored from an older copy: resynchronize it" if status["restored"] else ""
    lines = {
        "registration": f"{status['state'].replace('_', ' ')}{account}{restored}",
        "synchronization": f"last {status['last_sync'] or 'never'}, due {status['sync_due'] or '-'}",
        "alerts": alerts or "none",
        "devices": devices or "none",
    }
    return f"Perigee satellite {status['name']}\n{render(lines)}"
