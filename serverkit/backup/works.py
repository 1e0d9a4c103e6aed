"""Tasks of backups: what a person asks for and the scheduler runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serverkit.actor import Actor
from serverkit.backup.acts import BackupActs
from serverkit.backup.ports import MAKE, VERIFY, S
from serverkit.tasks.service import Progress, TaskKind


def task_kinds(acts: BackupActs[S], server: S) -> dict[str, TaskKind]:
    """The kinds of tasks of a server's backups."""

    def make(actor: Actor, _wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        return acts.make(server, actor, progress.stage)

    def verify(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        progress.stage("verify")
        return acts.verify(server, actor, str(wanted["name"]))

    return {
        MAKE: TaskKind(MAKE, ("write", "verify", "tidy"), make),
        VERIFY: TaskKind(VERIFY, ("verify",), verify),
    }
