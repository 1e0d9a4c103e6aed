"""The satellite itself: state, registration, set-up, synchronization, privacy, jobs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from exchange.limits import AUTHORIZATION_BYTES, SYNC_FILE_BYTES
from exchange.vocabulary import PrivacyField
from satellite.api.v1.context import APPLIED, REGISTRATION, STATUS, STEP, Call
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.operations.models import JobRun
from satellite.core.site import services
from satellite.core.site.queries import history, registration_dict, site_of, status
from satellite.jobs.catalogue import jobs_of
from satellite.runtime import Satellite
from satellite.setup_wizard.steps import steps
from satellite.sync.apply_authorization import apply_authorization
from satellite.sync.apply_response import apply_response
from satellite.sync.doctor import catalogue, examine
from satellite.sync.failures import refuse_failure
from satellite.sync.make_request import export_request, prepare_request, preview
from satellite.sync.network import next_attempt, synchronize
from satellite.sync.settings import change_settings, settings_of, shown
from serverkit.clock import optional_iso
from serverkit.http.operations import (
    ANYTHING,
    FILE,
    FLAG,
    PLAIN,
    TEXT,
    Operation,
    Page,
    Query,
    Strict,
    example,
    list_of,
    object_of,
    paged,
    paged_log,
)
from serverkit.http.schemas import BASE, JOB, Nothing
from serverkit.jobs.runs import find_job, manual_slot, run_job, slot_of


class Finish(Strict):
    """How the satellite is to synchronize."""

    model_config = example({"mode": "manual"})

    mode: Literal["manual", "network"]


class Full(Query):
    """Whether everything is to be sent, not only what changed."""

    full: bool = False


class NetworkChange(Strict):
    """Settings of network synchronization; what is left out stays, null takes a setting away."""

    model_config = example({"url": "https://central.example.com:8443", "every": "daily", "at": "03:30", "zone": "UTC"})

    url: str | None = Field(default=None, max_length=1000, pattern=PLAIN)
    ca: str | None = Field(default=None, max_length=262_144)
    fingerprint: str | None = Field(default=None, max_length=200, pattern=PLAIN)
    proxy: str | None = Field(default=None, max_length=1000, pattern=PLAIN)
    every: Literal["off", "daily", "weekly", "monthly"] = "off"
    day: int = Field(default=0, ge=0, le=31)
    at: str = Field(default="03:00", max_length=40, pattern=PLAIN, description="HH:MM from 00:00 to 23:59.")
    zone: str = Field(default="UTC", max_length=100, pattern=PLAIN)
    timeout: int = Field(default=300, ge=1, le=3600, description="Seconds for which each step may stay silent.")


class PrivacyChange(Strict):
    """What becomes of each field that is named: send, pseudonym or drop."""

    model_config = example({"hostname": "pseudonym"})

    hostname: str | None = None
    ip_address: str | None = None
    mac_address: str | None = None
    notes: str | None = None


def show_status(call: Call) -> dict[str, Any]:
    """The state of the satellite."""
    return {**status(call.unit, site_of(call.unit)), "restored": call.server.is_restored(call.unit)}


def show_registration(call: Call) -> dict[str, Any]:
    """Where the registration stands."""
    return registration_dict(call.unit, call.server.keyring)


def export_registration(call: Call) -> bytes:
    """A registration file for central."""
    data, _, _ = services.export_registration(call.unit, call.server.keyring)
    return data


def import_authorization(call: Call) -> dict[str, Any]:
    """Apply the authorization file from central."""
    return apply_authorization(call.server, call.actor, lambda: call.body.open("rb"))


def show_setup(call: Call) -> dict[str, Any]:
    """The steps of the set-up and what is next."""
    items = steps(call.unit)
    todo = next((item["next"] for item in items if not item["done"]), None)
    return {"items": items, "finished": todo is None, "next": todo}


def finish_setup(call: Call) -> dict[str, Any]:
    """Finish the set-up."""
    services.finish_setup(call.unit, call.body.mode)
    return show_status(call)


def export_sync(call: Call) -> bytes:
    """The file for central; the stored one again while nothing changed."""
    server, full = call.server, call.query.full
    with server.database.read(call.actor) as unit:
        prepared = prepare_request(unit, server.keyring, full=full)
    with server.database.write(call.actor) as unit:
        restored = server.is_restored(unit)
        done = export_request(unit, server.keyring, full=full, restored=restored, prepared=prepared)
        request, rseq = done.request, site_of(unit).applied_rseq
        data = request.content
    server.anchor.write(request.epoch, request.seq, rseq)
    return data


def import_sync(call: Call) -> dict[str, Any]:
    """Apply the response file from central."""
    result = apply_response(call.server, call.actor, lambda: call.body.open("rb"))
    return {"outcome": result.outcome, "epoch": result.epoch, "sequence": result.sequence, "counts": result.counts}


def sync_now(call: Call) -> dict[str, Any]:
    """Synchronize over the network now; a failure is answered with the code of its cause."""
    with call.server.database.write(call.actor) as unit:
        require(unit, Permission.SYNC_RUN)
    attempt = synchronize(call.server, call.actor, full=call.query.full)
    refuse_failure(attempt)
    return attempt.to_dict()


def preview_sync(call: Call) -> dict[str, Any]:
    """Every row that the next file would hold."""
    rows = preview(call.unit, call.server.keyring)
    return {"rows": rows, "counts": {kind: len(entries) for kind, entries in rows.items()}}


def list_history(call: Call) -> dict[str, Any]:
    """The steps of synchronization, newest first."""
    return paged_log(history(call.unit), call.query)


def show_settings(call: Call) -> dict[str, Any]:
    """The settings of network synchronization, without passwords."""
    site = site_of(call.unit)
    return {**shown(settings_of(site)), "mode": site.setup_mode, "next": optional_iso(next_attempt(call.unit))}


def set_settings(call: Call) -> dict[str, Any]:
    """Change settings of network synchronization."""
    changes = call.body.model_dump(exclude_unset=True)
    if "url" in changes:
        changes["url"] = changes["url"] or ""
    if changes:
        change_settings(call.unit, changes, lab=call.server.keyring.trust.root.lab)
    return show_settings(call)


def run_doctor(call: Call) -> dict[str, Any]:
    """Name the one cause that stops synchronization; of the file, where one is sent."""
    with call.server.database.write(call.actor) as unit:
        require(unit, Permission.SYNC_RUN)
    return examine(call.server, call.actor, call.body if call.body.stat().st_size else None)


def list_causes(call: Call) -> dict[str, Any]:
    """Every cause that the doctor can name."""
    return paged([{**cause, "id": cause["code"]} for cause in catalogue()], call.query)


def show_privacy(call: Call) -> dict[str, Any]:
    """What becomes of each field."""
    return dict(site_of(call.unit).privacy)


def set_privacy(call: Call) -> dict[str, Any]:
    """Choose what becomes of fields."""
    require(call.unit, Permission.SITE_MANAGE)
    for field in PrivacyField:
        choice = getattr(call.body, field.value, None)
        if choice is not None:
            services.set_privacy(call.unit, field.value, choice)
    return show_privacy(call)


def list_jobs(call: Call) -> dict[str, Any]:
    """The jobs, each with the slot that is running."""
    items = [
        {
            "id": job.name,
            "name": job.name,
            "every_seconds": int(job.every.total_seconds()),
            "slot": slot_of(job, call.unit.now),
            "description": job.description,
        }
        for job in jobs_of(call.server)
    ]
    return paged(items, call.query)


def start_job(call: Call) -> dict[str, Any]:
    """Run a job now."""
    server = call.server
    with server.database.write(call.actor) as unit:
        require(unit, Permission.JOB_RUN)
    result = run_job(server.database, JobRun, find_job(jobs_of(server), call.path["job"]), slot=manual_slot())
    return {"job": result.job, "slot": result.slot, "state": result.state, "detail": result.detail}


Op = Operation[Satellite]
SYNC = f"{BASE}sync"
OPERATIONS = (
    Op("show_status", "GET", f"{BASE}status", "Show the state of the satellite.", show_status, STATUS),
    Op("show_registration", "GET", f"{BASE}registration", "Show the registration.", show_registration, REGISTRATION),
    Op(
        "export_registration", "POST", f"{BASE}registration/export", "Make a registration file for central.",
        export_registration, ANYTHING, body=Nothing, answers=FILE, changes=True,
    ),
    Op(
        "import_authorization", "POST", f"{BASE}registration/import", "Apply the authorization file from central.",
        import_authorization, APPLIED, media=FILE, changes=True, alone=True, most_bytes=AUTHORIZATION_BYTES,
    ),
    Op(
        "show_setup", "GET", f"{BASE}setup", "Show the steps of the set-up.", show_setup,
        object_of(items={"type": "array", "items": ANYTHING}, finished=FLAG, next={"type": ["string", "null"]}),
    ),
    Op("finish_setup", "POST", f"{BASE}setup/finish", "Finish the set-up.", finish_setup, STATUS, body=Finish, changes=True),
    Op(
        "export_sync", "POST", f"{SYNC}/export", "Make the file for central.", export_sync, ANYTHING, Full,
        body=Nothing, answers=FILE, changes=True, alone=True,
    ),
    Op(
        "import_sync", "POST", f"{SYNC}/import", "Apply the response file from central.", import_sync, APPLIED,
        media=FILE, changes=True, alone=True, most_bytes=SYNC_FILE_BYTES,
    ),
    Op(
        "sync_now", "POST", f"{SYNC}/now", "Synchronize over the network now.", sync_now, APPLIED, Full,
        body=Nothing, changes=True, alone=True,
    ),
    Op(
        "preview_sync", "GET", f"{SYNC}/preview", "Show every row that the next file would hold.", preview_sync,
        object_of(rows=ANYTHING, counts=ANYTHING),
    ),
    Op("list_sync_history", "GET", f"{SYNC}/history", "List the steps of synchronization.", list_history, list_of(STEP), Page),
    Op("show_sync_settings", "GET", f"{SYNC}/settings", "Show the settings of synchronization.", show_settings, ANYTHING),
    Op(
        "set_sync_settings", "PATCH", f"{SYNC}/settings", "Change the settings of synchronization.", set_settings,
        ANYTHING, body=NetworkChange, changes=True, current=show_settings,
    ),
    Op(
        "run_doctor", "POST", f"{SYNC}/doctor", "Name the cause that stops synchronization.", run_doctor,
        object_of(healthy=FLAG, checked={"type": "array", "items": TEXT}), media=FILE, changes=True, alone=True,
        most_bytes=SYNC_FILE_BYTES,
    ),
    Op(
        "list_sync_causes", "GET", f"{SYNC}/causes", "List every cause that can be named.", list_causes,
        list_of(object_of(code=TEXT, where=TEXT, message=TEXT, remedy=TEXT)), Page,
    ),
    Op("show_privacy", "GET", f"{BASE}privacy", "Show what becomes of each field.", show_privacy, ANYTHING),
    Op(
        "set_privacy", "PATCH", f"{BASE}privacy", "Choose what becomes of fields.", set_privacy, ANYTHING,
        body=PrivacyChange, changes=True, current=show_privacy,
    ),
    Op("list_jobs", "GET", f"{BASE}jobs", "List what time alone brings about.", list_jobs, list_of(JOB), Page),
    Op(
        "run_job", "POST", f"{BASE}jobs/{{job}}/run", "Run a job now.", start_job,
        object_of(job=TEXT, slot=TEXT, state=TEXT, detail=TEXT), body=Nothing, changes=True, alone=True,
    ),
)  # fmt: skip
