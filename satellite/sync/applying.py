"""Applying a response from a file or from the network: state, trust and anchor in their order (rows S2.1, S2.5)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO

from chassis.actor import Actor
from exchange.errors import ExchangeError
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.site.queries import site_of
from satellite.core.site.services import note_history
from satellite.runtime import Satellite
from satellite.sync.importing import Imported, import_response

Opener = Callable[[], AbstractContextManager[BinaryIO]]


def apply_response(made: Satellite, actor: Actor, open_file: Opener) -> Imported:
    """Apply a response in a unit of its own; a refusal is written down and raised."""
    try:
        with open_file() as stream, made.database.write(actor) as unit:
            require(unit, Permission.SYNC_RUN)
            result = import_response(unit, made.keyring, stream)
            site = site_of(unit)
            reached = (site.epoch, site.last_seq, site.applied_rseq)
            if result.outcome == "applied":
                made.refresh_alerts(unit)
    except ExchangeError as error:
        with made.database.write(actor) as unit:
            site = site_of(unit)
            note_history(
                unit, "import", "refused", epoch=site.epoch, number=site.applied_rseq, counts={}, detail=error.code
            )
            made.refresh_alerts(unit)
        raise
    if result.trust is not None:
        made.keyring.write_trust(result.trust)
        made.anchor.write(*reached)
    return result
