"""Tasks of backups: what a person asks for and the scheduler runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serverkit.actor import Actor
from serverkit.backup.acts import BackupActs
from serverkit.backup.ports import LOOK, MAKE, REHEARSE, SEND, TRY, VERIFY, S
from serverkit.tasks.service import Progress, TaskKind


def task_kinds(acts: BackupActs[S], server: S) -> dict[str, TaskKind]:
    """The kinds of tasks of a server's backups."""

    def make(actor: Actor, _wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        return acts.make(server, actor, progress.stage, progress.count)

    def verify(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        progress.stage("verify")
        return acts.verify(server, actor, str(wanted["name"]))

    def send(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        progress.stage("copy")
        return acts.copy(server, actor, str(wanted["name"]), progress.count)

    def try_target(actor: Actor, _wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        progress.stage("try")
        return acts.test_target(server, actor)

    def preview(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        progress.stage("unpack")
        return acts.preview(server, actor, str(wanted["name"]))

    def rehearse(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        progress.stage("rehearse")
        return acts.rehearse(server, actor, str(wanted["name"]))

    return {
        LOOK: TaskKind(LOOK, ("unpack",), preview),
        REHEARSE: TaskKind(REHEARSE, ("rehearse",), rehearse),
        MAKE: TaskKind(MAKE, ("write", "verify", "tidy", "copy"), make),
        SEND: TaskKind(SEND, ("copy",), send),
        TRY: TaskKind(TRY, ("try",), try_target),
        VERIFY: TaskKind(VERIFY, ("verify",), verify),
    }
