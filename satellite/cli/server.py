"""`satellite upgrade | serve | jobs`."""

from __future__ import annotations

from pathlib import Path

import click

from satellite.actions import jobs as job_actions
from satellite.actions.setup import migrate_database, needs_administrator, read_setup_code
from satellite.actions.tls import refresh_tls_at_start
from satellite.cli.base import group, home, opened
from satellite.core.operations.models import JobRun
from satellite.jobs.catalogue import jobs_of
from satellite.runtime import Satellite, open_satellite
from serverkit.actor import OPERATOR
from serverkit.backup.swap import hold_home
from serverkit.cli.base import emit, emit_list
from serverkit.devices.asgi_front import Application
from serverkit.startup import check_home
from serverkit.storage import is_server
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS


@group.command("upgrade", help="Migrate the database to this version, after a copy.")
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Migrate the database."""
    emit(context, migrate_database(home(context)))


@group.command("serve", help="Serve the device protocol; prints one JSON line when ready.")
@click.option("--bind", metavar="HOST:PORT", help="Address; port 0 takes a free one.")
@click.option("--no-jobs", is_flag=True, help="Do not run scheduled jobs.")
@click.option(
    "--no-tls", is_flag=True, help="Serve without TLS, behind a reverse proxy: a loopback address or unix:PATH only."
)
@click.pass_context
def serve(context: click.Context, bind: str | None, no_jobs: bool, no_tls: bool) -> None:
    """Serve."""
    from satellite.app import make_app
    from serverkit.devices.serve import host_named
    from serverkit.devices.serve import serve as serve_http

    server = opened(context)
    folder, settings = server.home, server.settings.server
    address = settings.bind if bind is None else bind
    check_home(folder, server.missing_keys(), server.state_elsewhere)
    held = hold_home(folder)
    context.call_on_close(held.close)
    tls = None if no_tls else folder / TLS
    if tls is not None:
        ensure_pair(tls, server.clock.now(), [*settings.names, *host_named(address)])
    _tell_setup_code(server)
    server.database.dispose()

    def app() -> Application:
        is_server()
        own = open_satellite(folder)
        if tls is not None:
            refresh_tls_at_start(own)
        return make_app(own)

    def scheduler() -> None:
        _run_jobs(folder)

    serve_http(
        app,
        bind=address,
        tls=tls,
        workers=settings.workers,
        threads=settings.threads,
        scheduler=None if no_jobs else scheduler,
    )


def _run_jobs(folder: Path) -> None:
    """Run the jobs of a home, in a process of their own."""
    from serverkit.jobs.scheduler import run_scheduler

    is_server()
    own = open_satellite(folder)
    run_scheduler(own.database, JobRun, jobs_of(own))


def _tell_setup_code(server: Satellite) -> None:
    """Print the set-up code for who stands at the machine; it ends in the journal, and is void once it was used."""
    with server.database.read(OPERATOR) as unit:
        if not needs_administrator(unit):
            return
        code = read_setup_code(server, unit)
    told = f"Set-up code: {code}" if code else "No set-up code is kept; `satellite setup code` makes a new one."
    click.echo(told, err=True)


@group.group("jobs", help="List and run scheduled jobs.")
def jobs() -> None:
    """Hold the commands of jobs."""


@jobs.command("list", help="List the jobs.")
@click.pass_context
def jobs_list(context: click.Context) -> None:
    """List jobs."""
    server = opened(context)
    items = job_actions.list_jobs(jobs_of(server), server.clock.now())
    emit_list(context, items, ("name", "every_seconds", "slot", "description"))


@jobs.command("run", help="Run a job now.")
@click.argument("name")
@click.pass_context
def jobs_run(context: click.Context, name: str) -> None:
    """Run a job."""
    server = opened(context)
    emit(context, job_actions.run_job(server, OPERATOR, jobs_of(server), name))
