"""`satellite serve | jobs`."""

from __future__ import annotations

import click

from chassis.backup.swap import hold_home
from chassis.cli import emit, emit_list
from chassis.db.migrate import current, require
from chassis.errors import HomeMissingError
from chassis.jobs.runs import find_job, manual_slot, run_job, slot_of
from chassis.startup import check_home
from chassis.storage import is_server
from chassis.tls import ensure_certificate
from chassis.web.front import Application
from satellite.cli.base import group, home, opened
from satellite.core.operations.models import JobRun
from satellite.jobs.catalogue import jobs_of
from satellite.runtime import assemble, create_database, open_satellite


@group.command("upgrade", help="Bring the database to the form of this program; a copy is made first.")
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Upgrade the database."""
    made = assemble(home(context))
    if not made.keyring.exists:
        raise HomeMissingError("there is no satellite in this home")
    require(made.database.engine)
    before = current(made.database.engine)
    create_database(made)
    emit(context, {"before": before, "now": current(made.database.engine)})


@group.command("serve", help="Serve the device protocol; prints one JSON line when ready.")
@click.option("--bind", metavar="HOST:PORT", help="Address; port 0 takes a free one.")
@click.option("--no-jobs", is_flag=True, help="Start no scheduler.")
@click.option("--no-tls", is_flag=True, help="Behind a reverse proxy: a loopback address or unix:PATH only.")
@click.pass_context
def serve(context: click.Context, bind: str | None, no_jobs: bool, no_tls: bool) -> None:
    """Serve."""
    from chassis.jobs.scheduler import run_scheduler
    from chassis.web.serve import serve as serve_http
    from satellite.app import make_app

    made = opened(context)
    folder, settings = made.home, made.settings.server
    check_home(folder, made.missing_keys(), made.state_elsewhere)
    held = hold_home(folder)
    context.call_on_close(held.close)
    tls = None if no_tls else ensure_certificate(folder / "tls", made.clock.now())
    made.database.dispose()

    def app() -> Application:
        is_server()
        return make_app(open_satellite(folder))

    def scheduler() -> None:
        is_server()
        own = open_satellite(folder)
        run_scheduler(own.database, JobRun, jobs_of(own))

    serve_http(
        app,
        bind=settings.bind if bind is None else bind,
        tls=tls,
        workers=settings.workers,
        threads=settings.threads,
        scheduler=None if no_jobs else scheduler,
    )


@group.group("jobs", help="What time alone brings about.")
def jobs() -> None:
    """Hold the commands of jobs."""


@jobs.command("list", help="List the jobs.")
@click.pass_context
def jobs_list(context: click.Context) -> None:
    """List jobs."""
    made = opened(context)
    now = made.clock.now()
    items = [
        {
            "name": job.name,
            "every_seconds": int(job.every.total_seconds()),
            "slot": slot_of(job, now),
            "description": job.description,
        }
        for job in jobs_of(made)
    ]
    emit_list(context, items, ("name", "every_seconds", "slot", "description"))


@jobs.command("run", help="Run a job now.")
@click.argument("name")
@click.pass_context
def jobs_run(context: click.Context, name: str) -> None:
    """Run a job."""
    made = opened(context)
    result = run_job(made.database, JobRun, find_job(jobs_of(made), name), slot=manual_slot())
    emit(context, {"job": result.job, "slot": result.slot, "state": result.state, "detail": result.detail})
