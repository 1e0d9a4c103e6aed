"""Applying a response from a file or from the network: state, trust and anchor in their order (rows S2.1, S2.5)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO

from exchange.errors import ExchangeError
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.site.queries import site_of
from satellite.core.site.services import note_history
from satellite.runtime import Satellite
from satellite.sync.import_response import Imported, import_response
from serverkit.actor import Actor
from serverkit.db.unit import Unit

Opener = Callable[[], AbstractContextManager[BinaryIO]]


def apply_response(server: Satellite, actor: Actor, open_file: Opener) -> Imported:
    """Apply a response in a unit of its own; a refusal is written down and raised."""

    def work(unit: Unit) -> tuple[Imported, tuple[int, int, int]]:
        require(unit, Permission.SYNC_RUN)
        with open_file() as stream:
            result = import_response(unit, server.keyring, stream)
        site = site_of(unit)
        if result.outcome == "applied":
            server.refresh_alerts(unit)
        return result, (site.epoch, site.last_seq, site.applied_rseq)

    try:
        # Again where a database asks for it: devices write meanwhile.
        result, reached = server.database.run(actor, work)
    except ExchangeError as error:
        with server.database.write(actor) as unit:
            site = site_of(unit)
            note_history(
                unit, "import", "refused", epoch=site.epoch, number=site.applied_rseq, counts={}, detail=error.code
            )
            server.refresh_alerts(unit)
        raise
    if result.trust is not None:
        if result.trust.root.version >= server.keyring.trust.root.version:
            server.keyring.write_trust(result.trust)
        server.anchor.write(*reached)
    return result
