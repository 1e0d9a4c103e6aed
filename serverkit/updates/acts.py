"""Use cases of offline updates: examine a file, install it through the root helper, tell what became of it (row B16)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO, Generic, Protocol, TypeVar

from serverkit.actor import Actor
from serverkit.alerts.engine import Wanted
from serverkit.backup.acts import BackupActs
from serverkit.backup.ports import Keeping
from serverkit.clock import parse_time
from serverkit.db.unit import Unit
from serverkit.tasks import service as tasks
from serverkit.updates import order
from serverkit.updates.alerts import readable, wanted_alerts
from serverkit.updates.bundle import refuse_unfit, release_keys, this_system, verify_update
from serverkit.updates.errors import UpdateDatabaseElsewhereError, UpdateHelperMissingError, UpdateHomeError
from serverkit.updates.install import INSTALLED

Opener = Callable[[], AbstractContextManager[BinaryIO]]
Tell = Callable[[str], None]
INSTALL = "update"
"""The kind of task."""
ORDERED, DONE, FAILED = "ordered", "installed", "failed"
"""The events."""
STAGES = ("verify", "write", "check", "tidy", "hand_over")
TOLD = timedelta(days=7)
PIECE = 1024 * 1024


class Updating(Keeping, Protocol):
    """What an update needs of a server."""

    @property
    def is_shared(self) -> bool:
        """Whether its database is behind a server of its own."""
        ...

    def missing_keys(self) -> list[str]:
        """Key files that it needs and does not find."""
        ...


S = TypeVar("S", bound=Updating)


@dataclass(frozen=True)
class UpdateActs(Generic[S]):
    """Use cases of one server.

    `program` and `version` are its own, `source` the place that its alerts name. `authorize` refuses who may not update.
    `record` writes an event: what happened, the words, the subject. `newest` is the subject of the newest event of a kind.
    `alerts` makes the alerts about updates true.
    """

    program: str
    version: str
    source: str
    backups: BackupActs[S]
    authorize: Callable[[Unit], None]
    record: Callable[[Unit, str, str, Mapping[str, Any]], None]
    newest: Callable[[Unit, str], Mapping[str, Any] | None]
    alerts: Callable[[Unit, list[Wanted]], None]

    def show(self, unit: Unit) -> dict[str, Any]:
        """Show the version that runs, whether the root helper is there, and what became of the last update."""
        self.authorize(unit)
        system = this_system()
        return {
            "version": self.version,
            "debian": system.debian,
            "architecture": system.architecture,
            "helper": order.is_offered(),
            "passphrase_set": self.backups.has_passphrase(unit),
            "last": order.last_report(),
        }

    def recent(self, unit: Unit) -> dict[str, Any] | None:
        """Tell what became of an update of the last days, for who signs in after it; `outcome` as in the report."""
        report = order.last_report()
        if report is None or not readable(report):
            return None
        at = parse_time(str(report["at"]))
        return report if unit.now - at < TOLD or report["outcome"] != INSTALLED else None

    def check_file(self, server: S, actor: Actor, open_file: Opener) -> dict[str, Any]:
        """Verify an update file and that it fits this machine; nothing is changed. The refusals of an update file."""
        with server.database.read(actor) as unit:
            self.authorize(unit)
        with open_file() as stream:
            update = verify_update(stream, release_keys())
        refuse_unfit(update, self.version, this_system())
        return {
            "outcome": "would_be_installed",
            "version": update.version,
            "running": self.version,
            "debian": update.system.debian,
            "architecture": update.system.architecture,
            "sha256": update.sha256,
            "size": update.size,
            "packages": [name.rpartition("/")[2] for name in update.packages()],
        }

    def install_file(
        self, server: S, actor: Actor, open_file: Opener, tell: Tell, *, wait: bool = True
    ) -> dict[str, Any]:
        """Verify an update file, make a backup, and have the root helper install it; its report, or what it accepted.

        Refused before anything changes: the refusals of an update file, UpdateHelperMissingError, UpdateHomeError,
        UpdateDatabaseElsewhereError, NoPassphraseError.
        """
        tell(STAGES[0])
        found = self.check_file(server, actor, open_file)
        if server.is_shared:
            raise UpdateDatabaseElsewhereError
        missing = server.missing_keys()
        if missing:
            raise UpdateHomeError("{name} is missing", name=missing[0])
        if not order.is_offered():
            raise UpdateHelperMissingError
        stages = {"verify": "check"}
        self.backups.make(server, actor, lambda stage: tell(stages.get(stage, stage)))
        tell(STAGES[-1])
        subject = {"version": found["version"], "from": found["running"], "sha256": found["sha256"]}

        def note(unit: Unit) -> None:
            self.record(unit, ORDERED, f"update to version {found['version']} ordered", subject)

        server.database.run(actor, note)
        server.database.dispose()  # the helper replaces what is open here
        with open_file() as stream, tempfile.TemporaryFile() as plain:
            while piece := stream.read(PIECE):
                plain.write(piece)
            plain.flush()
            report = order.order_update(plain, self.program, tell if wait else _unheard, wait=wait)
        return {**found, **report}

    def start(self, unit: Unit, sha256: str) -> str:
        """Ask the scheduler to install the update file that was checked; the id of the task. NoPassphraseError."""
        self.authorize(unit)
        self.backups.need_passphrase(unit)
        return tasks.ask(unit, self.backups.tasks, INSTALL, {"sha256": sha256}).id

    def note_outcome(self, unit: Unit) -> str:
        """Write what became of the last update into the event log, once, and make the alerts true; the job's result."""
        report = order.last_report()
        self.alerts(unit, list(wanted_alerts(self.source, report)))
        if report is None or not readable(report):
            return "no update"
        good = report["outcome"] == INSTALLED
        what = DONE if good else FAILED
        newest = self.newest(unit, what)
        if newest is not None and newest.get("at") == report["at"]:
            return "known"
        told = f"update to version {report['to']} {'installed' if good else 'not installed'}"
        self.record(unit, what, told, {name: report[name] for name in ("to", "from", "outcome", "at")})
        return told


def _unheard(_stage: str) -> None:
    """Nobody waits for the helper's stages."""
