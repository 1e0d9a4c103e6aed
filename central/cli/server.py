"""`central serve | jobs`."""

from __future__ import annotations

from collections.abc import Callable

import click

from central.actions import jobs as actions
from central.actions import nodes
from central.actions.metrics import subject_of
from central.actions.server import migrate_database, rehearse_migration
from central.actions.setup import read_setup_code
from central.actions.tasks import run_next_task
from central.actions.tls import ACTS as TLS
from central.cli.base import group, home, opened, reading
from central.domain.operations.models import JobRun
from central.jobs.catalogue import jobs_of
from central.runtime import Central, note_here, open_central
from central.ui.works import edge_kinds
from serverkit.actor import OPERATOR
from serverkit.backup.cli import as_rows
from serverkit.cli.base import emit, emit_list
from serverkit.devices.asgi_front import Application
from serverkit.serving import Processes, serve_home, serve_jobs, serve_options

NODE_COLUMNS = ("id", "host", "home", "version", "first_seen", "last_seen", "running", "here")


@group.command("upgrade", help="Migrate the database to this version; a copy is made first.")
@click.option("--dry-run", is_flag=True, help="Show rows before and after; nothing is changed.")
@click.pass_context
def upgrade(context: click.Context, dry_run: bool) -> None:
    """Migrate the database, or show what that would do."""
    found = rehearse_migration(home(context)) if dry_run else migrate_database(home(context))
    emit(context, found, as_rows(found) if dry_run else None)


@group.command("serve", help="Serve console, devices and APIs; prints one JSON line when ready.")
@serve_options
@click.pass_context
def serve(context: click.Context, bind: str | None, no_jobs: bool, no_tls: bool) -> None:
    """Serve."""
    from central.app import make_app
    from serverkit.jobs.scheduler import run_scheduler

    server = opened(context)
    folder = server.home

    def app(with_tls: bool) -> Application:
        own = open_central(folder)
        if with_tls:
            TLS.refresh_at_start(own)
        return make_app(own)

    def scheduler() -> None:
        own = open_central(folder)
        if no_jobs:
            run_scheduler(own.database, JobRun, (), lambda: note_here(own))
            return
        kinds = edge_kinds(own)
        run_scheduler(own.database, JobRun, jobs_of(own), lambda: note_here(own), lambda: run_next_task(own, *kinds))

    # Each node of a common database is seen by its scheduler, whether it runs jobs or not.
    wanted = None if no_jobs and not server.is_shared else scheduler

    def begin() -> None:
        note_here(server)
        _tell_setup_code(server)

    processes = Processes(app, wanted, begin, lambda: subject_of(open_central(folder), jobs_of), not no_jobs)
    serve_home(context, server, bind, processes, no_tls=no_tls, console=True)


def _tell_setup_code(server: Central) -> None:
    """Print the set-up code for who stands at the machine; it ends in the journal, and is void once it was used."""
    with server.database.read(OPERATOR) as unit:
        code = read_setup_code(server, unit)
    if code is not None:
        click.echo(f"Set-up code: {code}", err=True)


@group.group("node", help="Homes that work on this central's database.")
def node() -> None:
    """Hold the commands of nodes."""


@node.command("list", help="List the nodes with their addresses and when they were last seen.")
@click.pass_context
def node_list(context: click.Context) -> None:
    """List nodes."""
    with reading(context) as (server, unit):
        items = nodes.list_nodes(unit, server.node, nodes.FIRST).items
    emit_list(context, items, NODE_COLUMNS)


@group.group("jobs", help="List and run scheduled jobs.")
def jobs() -> None:
    """Hold the commands of jobs."""


@jobs.command("list", help="List the jobs.")
@click.pass_context
def jobs_list(context: click.Context) -> None:
    """List jobs."""
    with reading(context) as (server, unit):
        items = actions.list_jobs(unit, jobs_of(server)).items
    emit_list(context, items, ("name", "every_seconds", "slot", "description"))


@jobs.command("serve", help="Run jobs and tasks until told to end, beside `serve --no-jobs`.")
@click.pass_context
def jobs_serve(context: click.Context) -> None:
    """Run the scheduler as a process of its own."""
    from serverkit.jobs.scheduler import run_scheduler

    server = opened(context)
    kinds = edge_kinds(server)

    def work(beat: Callable[[], None]) -> None:
        def seen() -> None:
            beat()
            note_here(server)

        run_scheduler(server.database, JobRun, jobs_of(server), seen, lambda: run_next_task(server, *kinds))

    serve_jobs(context, server, work)


@jobs.command("run", help="Run a job now.")
@click.argument("name")
@click.pass_context
def jobs_run(context: click.Context, name: str) -> None:
    """Run a job."""
    server = opened(context)
    emit(context, actions.run_job(server.database, OPERATOR, jobs_of(server), name))
