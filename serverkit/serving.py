"""The command `serve`, as far as both servers do the same: check and hold the home, have a TLS pair, run the processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from serverkit.backup.swap import hold_home, hold_jobs, restore_waits
from serverkit.cli.opening import Server
from serverkit.devices.asgi_front import Application
from serverkit.devices.supervision import Manager
from serverkit.devices.timing import prepare
from serverkit.metrics.listener import Listener, Subject
from serverkit.restarts import is_asked, offer_restart, start_again
from serverkit.startup import check_home
from serverkit.storage import is_server, spool_in
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS
from serverkit.tls.serving import ServingPair

if TYPE_CHECKING:
    from serverkit.devices.serve import Management

F = TypeVar("F", bound=Callable[..., None])


def serve_options(command: F) -> F:
    """The options of `serve`."""
    options = (
        click.option("--bind", metavar="HOST:PORT", help="Address to listen on; port 0 selects a free one."),
        click.option("--no-jobs", is_flag=True, help="Do not start the scheduler."),
        click.option("--no-tls", is_flag=True, help="Behind a reverse proxy: a loopback address or unix:PATH only."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Processes:
    """What runs: `app` in each worker, told whether it has TLS; `scheduler` beside them; `begin` before any of them."""

    app: Callable[[bool], Application]
    scheduler: Callable[[], None] | None
    begin: Callable[[], None]
    subject: Callable[[], Subject]
    """What monitoring is told of; made in the process that tells it."""
    jobs: bool = True
    """Whether the scheduler runs jobs; only one process of a home does."""


def _management(server: Server, processes: Processes) -> Management | None:
    from serverkit.devices.serve import Management

    wanted = server.settings.management
    if wanted.bind is None:
        return None
    prepare(server.home)
    token = Path(wanted.token_file) if wanted.token_file else None

    def work(listening: socket.socket, pair: ServingPair | None) -> None:
        asyncio.run(Listener(processes.subject(), token).serve(listening, pair))

    return Management(wanted.bind, work)


def serve_home(
    context: click.Context,
    server: Server,
    bind: str | None,
    processes: Processes,
    *,
    no_tls: bool,
    console: bool = False,
    setup_bind: str | None = None,
) -> None:
    """Serve until told to end; nothing of the database stays open in this process. Asked by a page, it starts again.

    `console`: there are pages for people; `setup_bind` leads browsers to them from an address without TLS.
    """
    from serverkit.devices.serve import host_named, serve

    folder, settings = server.home, server.settings.server
    address = settings.bind if bind is None else bind
    check_home(folder, server.missing_keys(), server.state_elsewhere)
    held = [hold_home(folder)]
    if processes.jobs:
        held.append(hold_jobs(folder))
    for one in held:
        context.call_on_close(one.close)
    tls = None if no_tls else folder / TLS
    if tls is not None:
        ensure_pair(tls, server.clock.now(), [*settings.names, *host_named(address)])
    processes.begin()
    server.database.dispose()
    schedule = processes.scheduler

    def app() -> Application:
        is_server()
        spool_in(folder)
        return processes.app(tls is not None)

    def scheduler() -> None:
        is_server()
        if schedule is not None:
            schedule()

    offer_restart()
    try:
        serve(
            app,
            bind=address,
            tls=tls,
            workers=settings.workers,
            threads=settings.threads,
            scheduler=None if schedule is None else scheduler,
            console=console,
            way=setup_bind,
            management=_management(server, processes),
            connections_per_address=settings.connections_per_address,
        )
    except SystemExit as ended:
        if not ended.code and is_asked():
            for one in held:
                one.close()
            start_again()
        raise


def serve_jobs(context: click.Context, server: Server, work: Callable[[Callable[[], None]], None]) -> None:
    """Run jobs beside a server with `--no-jobs`, until told to end; SchedulerRunningError where another process does.

    `work` is the scheduler, which calls what it is given each half minute: the service manager hears that it lives, and
    it ends when a restore has replaced the home, so that it starts again on what is there now.
    """
    folder = server.home
    check_home(folder, server.missing_keys(), server.state_elsewhere)
    held = hold_jobs(folder)
    context.call_on_close(held.close)
    server.database.dispose()
    manager, found = Manager.taken(), _identity(folder)
    is_server()
    spool_in(folder)

    def beat() -> None:
        manager.send("WATCHDOG=1")
        if _identity(folder) != found:
            os.kill(os.getpid(), signal.SIGTERM)

    click.echo(json.dumps({"ready": True, "jobs": True}))
    manager.send("READY=1\nSTATUS=Running jobs")
    work(beat)


def _identity(home: Path) -> tuple[int, bool]:
    """What a restore changes: the folder of keys is another one."""
    try:
        return (home / "keys").stat().st_ino, restore_waits(home)
    except OSError:
        return 0, False
