"""`satellite upgrade | serve | jobs`."""

from __future__ import annotations

from collections.abc import Callable

import click

from satellite.actions import jobs as job_actions
from satellite.actions.metrics import subject_of
from satellite.actions.setup import migrate_database, needs_administrator, read_setup_code, rehearse_migration
from satellite.actions.tasks import run_next_task
from satellite.actions.tls import ACTS as TLS
from satellite.cli.base import group, home, opened
from satellite.core.operations.models import JobRun
from satellite.jobs.catalogue import jobs_of
from satellite.runtime import Satellite, open_satellite, refuse_second_server, serving_alone
from satellite.ui.bulk import bulk_kind
from serverkit.actor import OPERATOR
from serverkit.backup.cli import as_rows
from serverkit.cli.base import emit, emit_list
from serverkit.devices.asgi_front import Application
from serverkit.devices.supervision import show_on_console
from serverkit.log import keep_log
from serverkit.serving import Processes, serve_home, serve_jobs, serve_options


@group.command("upgrade", help="Migrate the database to this version, after a copy.")
@click.option("--dry-run", is_flag=True, help="Show rows before and after; nothing is changed.")
@click.pass_context
def upgrade(context: click.Context, dry_run: bool) -> None:
    """Migrate the database, or show what that would do."""
    found = rehearse_migration(home(context)) if dry_run else migrate_database(home(context))
    emit(context, found, as_rows(found) if dry_run else None)


@group.command("serve", help="Serve console, devices and REST; prints one JSON line when ready.")
@serve_options
@click.option(
    "--setup-bind", metavar="HOST:PORT", help="Also lead browsers without TLS from this address to the console."
)
@click.pass_context
def serve(context: click.Context, bind: str | None, no_jobs: bool, no_tls: bool, setup_bind: str | None) -> None:
    """Serve."""
    from satellite.app import make_app
    from serverkit.jobs.scheduler import run_scheduler

    server = opened(context)
    folder = server.home

    def app(with_tls: bool) -> Application:
        own = open_satellite(folder)
        keep_log(folder)
        if with_tls:
            TLS.refresh_at_start(own)
        return make_app(own)

    def scheduler() -> None:
        own = open_satellite(folder)
        keep_log(folder)
        with serving_alone(own):
            if no_jobs:
                run_scheduler(own.database, JobRun, ())
            else:
                run_scheduler(own.database, JobRun, jobs_of(own), tasks=lambda: run_next_task(own, bulk_kind(own)))

    def begin() -> None:
        refuse_second_server(server)
        _tell_setup_code(server, server.settings.server.bind if bind is None else bind)

    # On a database that a copy of the home could reach too, the scheduler holds it even where it runs nothing.
    wanted = None if no_jobs and not server.is_shared else scheduler
    processes = Processes(app, wanted, begin, lambda: subject_of(open_satellite(folder), jobs_of), not no_jobs)
    serve_home(context, server, bind, processes, no_tls=no_tls, console=True, setup_bind=setup_bind)


def _tell_setup_code(server: Satellite, bind: str) -> None:
    """Print the set-up code for who is at the machine; it ends in the journal, and is void once it was used."""
    port = bind.rpartition(":")[2]
    # `\4` is this machine's address in the language of the login prompt.
    lines = ["Perigee satellite", f"Console: https://\\4{'' if port == '443' else f':{port}'}/"]
    with server.database.read(OPERATOR) as unit:
        if needs_administrator(unit):
            code = read_setup_code(server, unit)
            told = f"Set-up code: {code}" if code else "No set-up code is kept; `satellite setup code` makes a new one."
            click.echo(told, err=True)
            lines.append(told)
    show_on_console([*lines, ""])


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


@jobs.command("serve", help="Run jobs and tasks until told to end, beside `serve --no-jobs`.")
@click.pass_context
def jobs_serve(context: click.Context) -> None:
    """Run the scheduler as a process of its own."""
    from serverkit.jobs.scheduler import run_scheduler

    server = opened(context)
    keep_log(server.home)

    def work(beat: Callable[[], None]) -> None:
        run_scheduler(
            server.database, JobRun, jobs_of(server), beat, tasks=lambda: run_next_task(server, bulk_kind(server))
        )

    serve_jobs(context, server, work)


@jobs.command("run", help="Run a job now.")
@click.argument("name")
@click.pass_context
def jobs_run(context: click.Context, name: str) -> None:
    """Run a job."""
    server = opened(context)
    emit(context, job_actions.run_job(server, OPERATOR, jobs_of(server), name))
