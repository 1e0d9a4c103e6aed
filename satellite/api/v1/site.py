"""The satellite itself: state, registration, set-up, synchronization, privacy, jobs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from exchange.limits import AUTHORIZATION_BYTES, SYNC_FILE_BYTES
from satellite.actions import jobs, privacy, registration, setup, synchronization
from satellite.actions import site as site_actions
from satellite.actions.setup import show_steps
from satellite.api.v1.context import APPLIED, REGISTRATION, STATUS, STEP, Call
from satellite.core.access.rules import Permission
from satellite.jobs.catalogue import jobs_of
from satellite.runtime import Satellite
from serverkit.http.operations import (
    ANYTHING,
    FILE,
    FLAG,
    PLAIN,
    TEXT,
    Access,
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
from serverkit.http.schemas import BASE, JOB, Nothing, with_members


class Finish(Strict):
    """How the satellite synchronizes."""

    model_config = example({"mode": "manual"})

    mode: Literal["manual", "network"]


class Full(Query):
    """Whether everything is sent, not only changes."""

    full: bool = False


class NetworkChange(Strict):
    """Settings of network synchronization; an absent setting stays, null removes one."""

    model_config = example({"url": "https://central.example.com:8443", "every": "daily", "at": "03:30", "zone": "UTC"})

    url: str | None = Field(default=None, max_length=1000, pattern=PLAIN)
    ca: str | None = Field(default=None, max_length=262_144)
    fingerprint: str | None = Field(default=None, max_length=200, pattern=PLAIN)
    proxy: str | None = Field(default=None, max_length=1000, pattern=PLAIN)
    every: Literal["off", "daily", "weekly", "monthly"] = "off"
    day: int = Field(default=0, ge=0, le=31)
    at: str = Field(default="03:00", max_length=40, pattern=PLAIN, description="HH:MM from 00:00 to 23:59.")
    zone: str = Field(default="UTC", max_length=100, pattern=PLAIN)
    timeout: int = Field(default=300, ge=1, le=3600, description="Time-out of each step in seconds.")


class PrivacyChange(Strict):
    """The choice for each field that is named: send, pseudonym or drop."""

    model_config = example({"hostname": "pseudonym"})

    hostname: str | None = None
    ip_address: str | None = None
    mac_address: str | None = None
    notes: str | None = None


def show_status(call: Call) -> dict[str, Any]:
    """Show the state of the satellite."""
    return site_actions.show_status(call.server, call.unit)


def show_registration(call: Call) -> dict[str, Any]:
    """Show the state of the registration."""
    return registration.show_registration(call.server, call.unit)


def export_registration(call: Call) -> bytes:
    """Make a registration file for central."""
    return registration.export_registration(call.server, call.unit).content


def import_authorization(call: Call) -> dict[str, Any]:
    """Apply the authorization file from central."""
    return registration.import_authorization_file(call.server, call.actor, lambda: call.body.open("rb"))


def show_setup(call: Call) -> dict[str, Any]:
    """Show the steps of the set-up and the next command."""
    return show_steps(call.unit)


def finish_setup(call: Call) -> dict[str, Any]:
    """Finish the set-up."""
    return setup.finish_setup(call.server, call.unit, call.body.mode)


def export_sync(call: Call) -> bytes:
    """Make the request file for central; the stored one again while nothing has changed."""
    return synchronization.export_request(call.server, call.actor, full=call.query.full).content


def import_sync(call: Call) -> dict[str, Any]:
    """Apply the response file from central."""
    return synchronization.import_response_file(call.server, call.actor, lambda: call.body.open("rb")).to_dict()


def sync_now(call: Call) -> dict[str, Any]:
    """Synchronize over the network now; a failure is answered with the code of its cause."""
    return synchronization.synchronize(call.server, call.actor, full=call.query.full)


def preview_sync(call: Call) -> dict[str, Any]:
    """Show every row of the next request."""
    return synchronization.preview_request(call.server, call.unit)


def list_history(call: Call) -> dict[str, Any]:
    """List the steps of synchronization, newest first."""
    return paged_log(synchronization.list_history(call.unit), call.query)


def show_settings(call: Call) -> dict[str, Any]:
    """Show the settings of network synchronization, without passwords."""
    return synchronization.show_settings(call.unit)


def set_settings(call: Call) -> dict[str, Any]:
    """Change settings of network synchronization."""
    return synchronization.change_settings(call.server, call.unit, _changes(call))


def _changes(call: Call) -> dict[str, Any]:
    changes: dict[str, Any] = call.body.model_dump(exclude_unset=True)
    if "url" in changes:
        changes["url"] = changes["url"] or ""
    return changes


def check_sync(call: Call) -> dict[str, Any]:
    """Verify a response of central."""
    return synchronization.check_response_file(call.server, call.actor, lambda: call.body.open("rb"))


def try_connection(call: Call) -> dict[str, Any]:
    """Test the way to central."""
    return synchronization.try_connection(call.server, call.actor, _changes(call))


def run_doctor(call: Call) -> dict[str, Any]:
    """Name the one cause that stops synchronization, or what is wrong with the file that is sent."""
    return synchronization.diagnose(call.server, call.actor, call.body if call.body.stat().st_size else None)


def list_causes(call: Call) -> dict[str, Any]:
    """List every cause that the doctor can name."""
    return paged([{**cause, "id": cause["code"]} for cause in synchronization.list_causes()], call.query)


def show_privacy(call: Call) -> dict[str, Any]:
    """Show the choice for each field."""
    return privacy.show_privacy(call.unit)


def set_privacy(call: Call) -> dict[str, Any]:
    """Choose what of some fields leaves the site."""
    return privacy.change_privacy(call.unit, call.body.model_dump(exclude_none=True))


def list_jobs(call: Call) -> dict[str, Any]:
    """List the scheduled jobs, each with its present slot."""
    items = jobs.list_jobs(jobs_of(call.server), call.unit.now)
    return paged([{"id": item["name"], **item} for item in items], call.query)


def start_job(call: Call) -> dict[str, Any]:
    """Run a job now."""
    return jobs.run_job(call.server, call.actor, jobs_of(call.server), call.path["job"])


Op = Operation[Satellite]
SYNC = f"{BASE}sync"
OPERATIONS = (
    Op(
        "show_status", "GET", f"{BASE}status", "Show the state of the satellite.", show_status, STATUS,
        permission=Access.SIGNED_IN, row="S3.1",
    ),
    Op(
        "show_registration", "GET", f"{BASE}registration", "Show the registration.", show_registration, REGISTRATION,
        permission=Access.SIGNED_IN, row="S1.2",
    ),
    Op(
        "export_registration", "POST", f"{BASE}registration/export", "Make a registration file for central.",
        export_registration, ANYTHING, body=Nothing, answers=FILE, changes=True,
        permission=Permission.SITE_MANAGE, row="S1.2",
    ),
    Op(
        "import_authorization", "POST", f"{BASE}registration/import", "Apply the authorization file from central.",
        import_authorization, APPLIED, media=FILE, changes=True, alone=True, most_bytes=AUTHORIZATION_BYTES,
        permission=Permission.SITE_MANAGE, row="S1.2",
    ),
    Op(
        "show_setup", "GET", f"{BASE}setup", "Show the steps of the set-up.", show_setup,
        object_of(items={"type": "array", "items": ANYTHING}, finished=FLAG, next={"type": ["string", "null"]}),
        permission=Access.SIGNED_IN, row="S1.5",
    ),
    Op(
        "finish_setup", "POST", f"{BASE}setup/finish", "Finish the set-up.", finish_setup, STATUS, body=Finish, changes=True,
        permission=Permission.SITE_MANAGE, row="S1.5",
    ),
    Op(
        "export_sync", "POST", f"{SYNC}/export", "Make the request file for central.", export_sync, ANYTHING, Full,
        body=Nothing, answers=FILE, changes=True, alone=True,
        permission=Permission.SYNC_RUN, row="S2.1",
    ),
    Op(
        "import_sync", "POST", f"{SYNC}/import", "Apply the response file from central.", import_sync, APPLIED,
        media=FILE, changes=True, alone=True, most_bytes=SYNC_FILE_BYTES,
        permission=Permission.SYNC_RUN, row="S2.1",
    ),
    Op(
        "check_sync", "POST", f"{SYNC}/check", "Show what a response file would bring.", check_sync,
        with_members(APPLIED, card=ANYTHING, changes={"type": "array", "items": ANYTHING}),
        media=FILE, changes=True, alone=True, most_bytes=SYNC_FILE_BYTES,
        permission=Permission.SYNC_RUN, row="S2.1",
    ),
    Op(
        "try_connection", "POST", f"{SYNC}/test", "Test the way to central stage by stage; stores nothing.",
        try_connection, object_of(healthy=FLAG, stages={"type": "array", "items": ANYTHING}), body=NetworkChange,
        changes=True, alone=True,
        permission=Permission.SITE_MANAGE, row="S2.2",
    ),
    Op(
        "sync_now", "POST", f"{SYNC}/now", "Synchronize over the network now.", sync_now, APPLIED, Full,
        body=Nothing, changes=True, alone=True,
        permission=Permission.SYNC_RUN, row="S2.2",
    ),
    Op(
        "preview_sync", "GET", f"{SYNC}/preview", "Show every row of the next request.", preview_sync,
        object_of(rows=ANYTHING, counts=ANYTHING),
        permission=Access.SIGNED_IN, row="S2.4",
    ),
    Op(
        "list_sync_history", "GET", f"{SYNC}/history", "List the steps of synchronization.", list_history, list_of(STEP), Page,
        permission=Access.SIGNED_IN, row="S2.1",
    ),
    Op(
        "show_sync_settings", "GET", f"{SYNC}/settings", "Show the settings of synchronization.", show_settings, ANYTHING,
        permission=Access.SIGNED_IN, row="S1.4",
    ),
    Op(
        "set_sync_settings", "PATCH", f"{SYNC}/settings", "Change the settings of synchronization.", set_settings,
        ANYTHING, body=NetworkChange, changes=True, current=show_settings,
        permission=Permission.SITE_MANAGE, row="S1.4",
    ),
    Op(
        "run_doctor", "POST", f"{SYNC}/doctor", "Name the cause that stops synchronization.", run_doctor,
        object_of(healthy=FLAG, checked={"type": "array", "items": TEXT}), media=FILE, changes=True, alone=True,
        most_bytes=SYNC_FILE_BYTES,
        permission=Permission.SYNC_RUN, row="B1",
    ),
    Op(
        "list_sync_causes", "GET", f"{SYNC}/causes", "List every cause that can be named.", list_causes,
        list_of(object_of(code=TEXT, where=TEXT, message=TEXT, remedy=TEXT)), Page,
        permission=Access.SIGNED_IN, row="B1",
    ),
    Op(
        "show_privacy", "GET", f"{BASE}privacy", "Show the choice for each field.", show_privacy, ANYTHING,
        permission=Access.SIGNED_IN, row="S2.4",
    ),
    Op(
        "set_privacy", "PATCH", f"{BASE}privacy", "Choose what of some fields leaves the site.", set_privacy, ANYTHING,
        body=PrivacyChange, changes=True, current=show_privacy,
        permission=Permission.SITE_MANAGE, row="S2.4",
    ),
    Op(
        "list_jobs", "GET", f"{BASE}jobs", "List scheduled jobs.", list_jobs, list_of(JOB), Page,
        permission=Access.SIGNED_IN, row="S2.7",
    ),
    Op(
        "run_job", "POST", f"{BASE}jobs/{{job}}/run", "Run a job now.", start_job,
        object_of(job=TEXT, slot=TEXT, state=TEXT, detail=TEXT), body=Nothing, changes=True, alone=True,
        permission=Permission.JOB_RUN, row="S2.7",
    ),
)  # fmt: skip
