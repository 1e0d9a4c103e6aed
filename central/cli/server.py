"""`central serve | jobs`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from central.actions import jobs as actions
from central.actions import nodes
from central.actions.server import migrate_database
from central.cli.base import group, home, opened, reading
from central.domain.operations.models import JobRun
from central.jobs.catalogue import jobs_of, note_tls
from central.runtime import Central, note_here, open_central
from serverkit.actor import OPERATOR
from serverkit.backup.swap import hold_home
from serverkit.cli.base import emit, emit_list
from serverkit.devices.asgi_front import Application
from serverkit.startup import check_home
from serverkit.storage import is_server
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS

NODE_COLUMNS = ("id", "host", "home", "version", "first_seen", "last_seen", "running", "here")


@group.command("upgrade", help="Migrate the database to this version; a copy is made first.")
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Migrate the database."""
    emit(context, migrate_database(home(context)))


@group.command("serve", help="Serve devices and APIs; prints one JSON line when ready.")
@click.option("--bind", metavar="HOST:PORT", help="Address to listen on; port 0 selects a free one.")
@click.option("--no-jobs", is_flag=True, help="Do not start the scheduler.")
@click.option("--no-tls", is_flag=True, help="Behind a reverse proxy: a loopback address or unix:PATH only.")
@click.pass_context
def serve(context: click.Context, bind: str | None, no_jobs: bool, no_tls: bool) -> None:
    """Serve."""
    from central.app import make_app
    from serverkit.devices.serve import host_named
    from serverkit.devices.serve import serve as serve_http
    from serverkit.jobs.scheduler import run_scheduler

    server = opened(context)
    folder, settings = server.home, server.settings.server
    address = settings.bind if bind is None else bind
    check_home(folder, server.missing_keys(), server.state_elsewhere)
    held = hold_home(folder)
    context.call_on_close(held.close)
    tls = None if no_tls else _ready_pair(server, host_named(address))
    note_here(server)
    server.database.dispose()

    def app() -> Application:
        is_server()
        own = open_central(folder)
        if tls is not None:
            note_tls(own)
        return make_app(own)

    def scheduler() -> None:
        is_server()
        own = open_central(folder)
        run_scheduler(own.database, JobRun, () if no_jobs else jobs_of(own), lambda: note_here(own))

    serve_http(
        app,
        bind=address,
        tls=tls,
        workers=settings.workers,
        threads=settings.threads,
        scheduler=None if no_jobs and not server.is_shared else scheduler,
    )


def _ready_pair(server: Central, named: Sequence[str]) -> Path:
    """The folder of the TLS pair, with a pair that can be used."""
    folder = server.home / TLS
    ensure_pair(folder, server.clock.now(), [*server.settings.server.names, *named])
    return folder


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


@jobs.command("run", help="Run a job now.")
@click.argument("name")
@click.pass_context
def jobs_run(context: click.Context, name: str) -> None:
    """Run a job."""
    server = opened(context)
    emit(context, actions.run_job(server.database, OPERATOR, jobs_of(server), name))
