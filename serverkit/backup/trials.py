"""Use cases of trials: a preview of what a restore would bring, and its rehearsal (row B8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from serverkit import stored_settings as store
from serverkit.actor import Actor
from serverkit.backup.plan import REHEARSAL, LastRehearsal
from serverkit.backup.ports import LOOK, REHEARSE, REHEARSED, BackupPorts, S
from serverkit.backup.rehearsal import preview_restore, rehearse_restore
from serverkit.clock import optional_iso
from serverkit.db import migrate
from serverkit.db.unit import Unit
from serverkit.tasks import service as tasks

MOST_FINDINGS = 20


@dataclass(frozen=True)
class TrialActs(BackupPorts[S]):
    """Use cases of one server."""

    def start_trial(self, server: S, unit: Unit, kind: str, name: str) -> str:
        """Ask the scheduler for a preview or a rehearsal; the id of the task. UnknownBackupError, NoPassphraseError."""
        self.need_passphrase(unit)
        kind = {LOOK: LOOK, REHEARSE: REHEARSE}[kind]
        return tasks.ask(unit, self.tasks, kind, {"name": self.shelf(server, unit).path(name).name}).id

    def preview(self, server: S, actor: Actor, name: str) -> dict[str, Any]:
        """Tell what a backup of the folder holds and what its restore would change; the home stays as it is."""
        shelf, passphrase, _plan = self.open(server, actor)
        with server.database.read(actor) as unit:
            owner = self.owner(server, unit)
        present = migrate.row_counts(server.database.engine)
        file = shelf.path(name)
        found = preview_restore(self.product, server.home, file, passphrase, self.identify, present, owner)
        return {"name": name, **found}

    def rehearse(self, server: S, actor: Actor, name: str) -> dict[str, Any]:
        """Restore a backup of the folder into a scratch folder and verify it there; what came of it is remembered."""
        shelf, passphrase, _plan = self.open(server, actor)
        found = rehearse_restore(self.product, server.home, shelf.path(name), passphrase, self.verify_scratch)

        def note(unit: Unit) -> None:
            last = LastRehearsal(
                name=name, at=unit.now, sound=found["sound"], findings=tuple(found["findings"][:MOST_FINDINGS])
            )
            store.write_stored(unit, self.settings, REHEARSAL, last)
            said = "it is sound" if found["sound"] else "it is not sound"
            self.record(
                unit, REHEARSED, f"restore of {name} rehearsed: {said}", {"name": name, "sound": found["sound"]}
            )

        server.database.run(actor, note)
        return {"name": name, **found}

    def last_rehearsal(self, unit: Unit) -> dict[str, Any]:
        """Show which backup was rehearsed last and what came of it."""
        self.authorize(unit)
        found = store.read_stored(unit, self.settings, REHEARSAL, LastRehearsal)
        return {
            "name": found.name,
            "at": optional_iso(found.at),
            "sound": found.sound,
            "findings": list(found.findings),
        }
