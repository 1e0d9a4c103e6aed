"""The doctor: exactly one primary cause, where it was found, and its remedy (row S2.2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from exchange.carried import CHANGED
from exchange.errors import ExchangeError
from exchange.files.sync_response import read_sync_response
from satellite.core.site.causes import CAUSES, Cause, of_response, of_step
from satellite.core.site.models import HistoryEntry
from satellite.core.site.queries import site_of
from satellite.runtime import Satellite
from satellite.sync.checks import local_cause
from satellite.sync.import_response import time_of_reading
from satellite.sync.network import reach
from satellite.sync.settings import settings_of
from serverkit.actor import Actor
from serverkit.clock import iso
from serverkit.errors import AppError, FileUnreadableError, Filled

CHECKED = {
    "site": Filled("state, keys, clock and disk of this satellite"),
    "way": Filled("name, route, proxy, TLS and answer of central"),
    "file": Filled("the given file"),
    "history": Filled("the last attempt"),
}


def diagnose(open_server: Callable[[], Satellite], actor: Actor, file: Path | None = None) -> dict[str, Any]:
    """Examine a satellite that may not even open: on a full disk, its database cannot be read."""
    try:
        return examine(open_server(), actor, file)
    except AppError as error:
        if error.code not in CAUSES:
            raise
        cause = _shown(CAUSES[error.code], error.message, seen="site", at=None)
        return {"healthy": False, "checked": [CHECKED["site"]], "cause": cause}


def examine(server: Satellite, actor: Actor, file: Path | None = None, *, way: bool = True) -> dict[str, Any]:
    """Check everything in the order of a synchronization; the first fault is the cause. Without `way` nothing leaves."""
    with server.database.read(actor) as unit:
        site = site_of(unit)
        by_network, settings = bool(site.network.get("url")), settings_of(site)
    done = ["site"]
    found = local_cause(server, actor, network=False)
    seen = "site"
    if found is None and file is not None:
        done.append("file")
        found, seen = _file(server, actor, file), "file"
    if found is None and by_network and file is None and way:
        done.append("way")
        found, seen = reach(settings), "way"
    at = None
    if found is None and file is None:
        done.append("history")
        last = _last(server, actor)
        if last is not None:
            found, seen, at = (last[0], last[1]), "history", last[2]
    return {
        "healthy": found is None,
        "checked": [CHECKED[name] for name in done],
        "cause": _shown(*found, seen=seen, at=at) if found else None,
    }


def _shown(cause: Cause, detail: str, *, seen: str, at: str | None) -> dict[str, Any]:
    return {
        "code": cause.code,
        "where": cause.stage.value,
        "seen_by": CHECKED[seen],
        "at": at,
        "message": cause.meaning,
        "detail": detail,
        "remedy": cause.remedy,
    }


def _file(server: Satellite, actor: Actor, file: Path) -> tuple[Cause, str] | None:
    try:
        with file.open("rb") as stream:
            with server.database.read(actor) as unit:
                site, now = site_of(unit), time_of_reading(unit)
                opened = read_sync_response(
                    stream,
                    trust=server.keyring.trust,
                    satellite=site.satellite_id,
                    lab=server.keyring.trust.root.lab,
                    now=now,
                )
                response = opened.response
                if (response.epoch, response.rseq) < (site.epoch, site.applied_rseq):
                    said = f"epoch {response.epoch}, number {response.rseq}"
                    return CAUSES["response_older"], f"it is {said}; applied is {site.epoch}, {site.applied_rseq}"
                if response.epoch_id != site.epoch_id:
                    return CAUSES["revoked"], "the response belongs to another epoch"
            for _ in opened.rows():
                pass
    except OSError as error:  # nothing is known of what it holds
        raise FileUnreadableError("cannot read {name}: {reason}", name=file.name[:80], reason=error.strerror) from error
    except ExchangeError as error:
        if CHANGED in error.fields:
            return CAUSES["file_changed"], error.message
        return of_response(error.code), error.message
    return None


def _last(server: Satellite, actor: Actor) -> tuple[Cause, str, str] | None:
    """The cause of the last step, if that failed."""
    with server.database.read(actor) as unit:
        row = unit.session.scalars(
            select(HistoryEntry).where(HistoryEntry.step.in_(["import", "network"])).order_by(HistoryEntry.at.desc())
        ).first()
        if row is None or row.outcome not in {"failed", "refused"}:
            return None
        cause, detail = of_step(row.detail)
        return (cause or CAUSES["refused_by_central"]), detail, iso(row.at)


def catalogue() -> list[dict[str, str]]:
    """Every cause that the doctor knows."""
    return [
        {"code": cause.code, "where": cause.stage.value, "message": cause.meaning, "remedy": cause.remedy}
        for cause in CAUSES.values()
    ]
