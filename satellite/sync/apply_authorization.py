"""Applying an authorization file: state, trust and anchor in their order (row S1.2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts.services import refresh_alerts
from satellite.core.site.queries import site_of
from satellite.runtime import Satellite
from satellite.sync.import_response import import_authorization
from serverkit.actor import Actor

Opener = Callable[[], AbstractContextManager[BinaryIO]]


def apply_authorization(server: Satellite, actor: Actor, open_file: Opener) -> dict[str, Any]:
    """Apply an authorization file in a unit of its own; returns what it was and where the satellite belongs now."""
    with open_file() as stream, server.database.write(actor) as unit:
        require(unit, Permission.SITE_MANAGE)
        left = site_of(unit).epoch
        result = import_authorization(unit, server.keyring, stream)
        if result.outcome == "applied":
            server.anchor.leave(left)
            # The new anchor first: what was reached in the old epoch says nothing of the new one.
            unit.after_commit.append(lambda: server.anchor.reset(result.epoch))
            # Not asked of the anchor, which still speaks of the epoch that is left.
            refresh_alerts(unit, server.keyring.trust.root, restored=False)
        elif result.outcome == "already_applied":
            # Done again after a crash: an anchor of an older epoch comes into this one, any other stays as it is.
            unit.after_commit.append(lambda: server.anchor.write(result.epoch, 0, 0))
        site = site_of(unit)
        found = {"account": site.account_domain, "account_name": site.account_name, "satellite": site.satellite_id}
    if result.trust is not None and result.trust.root.version >= server.keyring.trust.root.version:
        server.keyring.write_trust(result.trust)
    outcome = {"outcome": result.outcome, "epoch": result.epoch, "sequence": result.sequence, "counts": result.counts}
    return {**outcome, **found}
