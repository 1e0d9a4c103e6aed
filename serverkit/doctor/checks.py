"""The doctor: all that a server needs of its machine and its home, each with the command that puts it right (row S3.5).

It looks and changes nothing, and goes on where a server would not start: what cannot be looked at any more is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from serverkit.actor import OPERATOR
from serverkit.backup.swap import restore_waits
from serverkit.db.unit import Database, DatabaseFailure, Unit
from serverkit.devices.health import FIRST
from serverkit.devices.supervision import is_alive
from serverkit.errors import (
    AppError,
    DatabaseDamagedError,
    DatabaseMissingError,
    DatabaseUnavailableError,
    DiskFullError,
    FileUnreadableError,
    HomeMissingError,
    Remedy,
    WrongOwnerError,
)
from serverkit.health_checks import HealthCheck
from serverkit.home import HomeKind, state_elsewhere
from serverkit.owner import ROOT, require_one_owner
from serverkit.settings import ServerAppSettings
from serverkit.settings_file import FILE, read_settings
from serverkit.verdicts import Outcome

LITTLE_BYTES, TOO_LITTLE_BYTES, PORT_SECONDS = 1024**3, 16 * 1024**2, 2.0
_COMMAND = re.compile(r"`([^`]+)`")
_ANY = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "[::]": "::1"}  # noqa: S104 - named, not listened on


class Examined(Protocol):
    """A server that was put together."""

    @property
    def database(self) -> Database:
        """Its database."""
        ...


S = TypeVar("S", bound=Examined)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one check; `remedy` names the command that helps, and the page that says more."""

    name: str
    outcome: Outcome
    detail: str
    remedy: Remedy | None = None
    because: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The finding for programs; nothing is to be done about one that passed or was skipped."""
        remedy = self.remedy if self.outcome in {Outcome.WARN, Outcome.FAIL} else None
        command = _COMMAND.search(remedy) if remedy is not None else None
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "remedy": str(remedy) if remedy is not None else None,
            "command": command[1] if command else None,
            "page": remedy.page if remedy is not None else None,
        }


@dataclass(frozen=True)
class Patient(Generic[S]):
    """A kind of server: how it is put together without being opened, and what an open one is asked.

    `remedies` are by the names of checks; the program's own name stands for `{program}` in those that both servers have.
    """

    kind: HomeKind
    model: type[ServerAppSettings]
    prefix: str
    assemble: Callable[[Path], S]
    refuse_other_home: Callable[[S], None]
    inside: Callable[[S, Unit], Sequence[HealthCheck]]
    remedies: Mapping[str, Remedy]


REMEDIES = {
    "settings": Remedy(
        "Correct the lines that are named, then run `{program} config check` again.", page="settings.md"
    ),
    "home": Remedy("Give every file to the owner of the home: `chown -R --reference={home} {home}`.", page="troubleshooting.md#the-server"),
    "disk": Remedy("Find what takes the room: `du -xh --max-depth=1 {home}`; delete it, or enlarge the disk.", page="troubleshooting.md#the-server"),
    "database": Remedy("Check that the database runs and can be reached: `{program} config show --origin` shows its source.", page="troubleshooting.md#the-server"),
    "schema": Remedy("Stop the server, then run `{program} upgrade`.", page="troubleshooting.md#the-server"),
    "keys": Remedy("Restore the key files: `{program} restore FILE`.", page="backup-and-restore.md#restore"),
    "clock": Remedy("Compare the time, then run `{program} time confirm`; `{program} time test` measures it.", page="time.md#when-the-clock-is-wrong"),
    "port": Remedy("Start the server: `systemctl start perigee-{program}`, or `{program} serve`.", page="installation.md"),
}  # fmt: skip
"""What to do about the checks that both servers make."""
RESTORED = Remedy("Keep what is there, then restore the newest backup: `{program} restore FILE`.", page="backup-and-restore.md#restore")  # fmt: skip
"""For a database whose file is damaged or gone."""
TAKEN = Remedy("Find the other program: `ss -ltnp`; end it, or change `server.bind`.", page="settings.md")
ORDER = ("settings", "home", "disk", "database", "schema", "port")


def diagnose(patient: Patient[S], home: Path) -> list[Finding]:
    """Every finding about a home, in the order in which a server needs it."""
    found = [_with_remedy(patient, home, one) for one in _outside(patient, home)]
    stops = next((one.name for one in found if one.outcome is Outcome.FAIL and one.name not in {"port", "disk"}), None)
    if stops is None and not any(one.name == "database" and one.outcome is Outcome.SKIP for one in found):
        return _once(found, [_with_remedy(patient, home, one) for one in _inside(patient, home)])
    missing = [name for name in ORDER if name not in {one.name for one in found}]
    return [*found, *(Finding(name, Outcome.SKIP, FIRST.format(name=stops or "disk")) for name in missing)]


def _once(found: Sequence[Finding], inside: Sequence[Finding]) -> list[Finding]:
    """Each check once, and each cause once: what another check says more of is skipped."""
    latest = {one.name: one for one in (*found, *inside)}
    bad = {name for name, one in latest.items() if one.outcome in {Outcome.WARN, Outcome.FAIL}}
    return [
        Finding(one.name, Outcome.SKIP, FIRST.format(name=one.because))
        if one.because in bad and one.outcome is Outcome.FAIL
        else one
        for one in latest.values()
    ]


def worst(found: Sequence[Finding]) -> Outcome:
    """The worst outcome of all."""
    order = (Outcome.FAIL, Outcome.WARN, Outcome.PASS)
    return next((one for one in order if any(each.outcome is one for each in found)), Outcome.SKIP)


def _with_remedy(patient: Patient[S], home: Path, one: Finding) -> Finding:
    if one.outcome in {Outcome.PASS, Outcome.SKIP}:
        return one
    known = one.remedy or patient.remedies.get(one.name) or REMEDIES.get(one.name)
    if known is None:
        return one
    filled = str(known).replace("{program}", patient.kind.name).replace("{home}", str(home))
    return replace(one, remedy=Remedy(filled, known.page))


def _outside(patient: Patient[S], home: Path) -> Iterator[Finding]:
    """What can be looked at without a server that opens; the first failure ends it."""
    settings, faults = read_settings(patient.model, home / FILE, patient.prefix)
    if settings is None:
        yield Finding("settings", Outcome.FAIL, "; ".join(one.message for one in faults))
        return
    where = str((home / FILE).resolve()) if (home / FILE).exists() else "defaults and environment"
    yield Finding("settings", Outcome.PASS, where)
    owned = _home(patient, home, state_elsewhere(settings))
    yield owned
    if owned.outcome is Outcome.FAIL:
        return
    yield _disk(home)
    yield from _database(patient, home)
    yield _port(settings.server.bind)


def _home(patient: Patient[S], home: Path, more: Sequence[Path]) -> Finding:
    me = os.geteuid()
    try:
        if restore_waits(home):
            said = "a restore was interrupted; the next command or start completes it"
            start = Remedy(
                f"Complete it: `systemctl start perigee-{patient.kind.name}`.", page="backup-and-restore.md#restore"
            )
            return Finding("home", Outcome.FAIL, said, start)
        patient.kind.look(home)
        owner = home.stat().st_uid
        if me not in {ROOT, owner}:
            as_owner = Remedy(
                f"Run it as the owner: `sudo -u '#{owner}' {patient.kind.name} doctor`.",
                page="troubleshooting.md#the-server",
            )
            return Finding("home", Outcome.FAIL, f"it belongs to user {owner}, this command runs as user {me}", as_owner)  # fmt: skip
        require_one_owner(home, more)
        if not os.access(home, os.W_OK):
            return Finding("home", Outcome.FAIL, "it cannot be written", Remedy("Mount it writable: `findmnt -T {home}`.".replace("{home}", str(home)), page="troubleshooting.md#the-server"))  # fmt: skip
    except HomeMissingError as error:
        start = Remedy(f"Set it up; `{patient.kind.name} init --help` shows how.", page="set-up.md")
        return Finding("home", Outcome.FAIL, f"{error.code}: {error.message}", start)
    except WrongOwnerError as error:
        return Finding("home", Outcome.FAIL, f"{error.code}: {error.message}")
    except AppError as error:
        return Finding("home", Outcome.FAIL, f"{error.code}: {error.message}", error.remedy)
    except OSError as error:
        return Finding("home", Outcome.FAIL, f"{FileUnreadableError.code}: {error.strerror}")
    return Finding("home", Outcome.PASS, f"{home}, one owner (user {owner})")


def _disk(home: Path) -> Finding:
    usage = shutil.disk_usage(home)
    outcome = (
        Outcome.FAIL if usage.free < TOO_LITTLE_BYTES else Outcome.WARN if usage.free < LITTLE_BYTES else Outcome.PASS
    )
    return Finding("disk", outcome, f"{usage.free / 1024**2:,.0f} MiB of {usage.total / 1024**2:,.0f} MiB are free")


def _database(patient: Patient[S], home: Path) -> Iterator[Finding]:
    server: S | None = None
    try:
        server = patient.assemble(home)
        patient.kind.require_database(server.database)
        kind = server.database.engine.dialect.name
        yield Finding("database", Outcome.PASS, f"{kind} answers")
    except DiskFullError:
        yield Finding("database", Outcome.SKIP, FIRST.format(name="disk"))
        return
    except (AppError, DatabaseFailure) as error:
        yield _failed("database", error)
        return
    finally:
        if server is not None:
            server.database.dispose()
    try:
        patient.kind.check_version(server.database)
        patient.refuse_other_home(server)
        yield Finding("schema", Outcome.PASS, f"revision {patient.kind.revision()}")
    except (AppError, DatabaseFailure) as error:
        yield _failed("schema", error, keep_remedy=not _is_schema(error))
    finally:
        server.database.dispose()


def _is_schema(error: BaseException) -> bool:
    return getattr(error, "code", "") == "schema_mismatch"


def _failed(name: str, error: BaseException, *, keep_remedy: bool = True) -> Finding:
    known = error if isinstance(error, AppError) else DatabaseUnavailableError()
    remedy = known.remedy if keep_remedy and _COMMAND.search(known.remedy) else None
    if isinstance(known, DatabaseDamagedError | DatabaseMissingError):
        remedy = RESTORED
    return Finding(name, Outcome.FAIL, f"{known.code}: {known.message}", remedy)


def _port(bind: str) -> Finding:
    """Whether this server, another program or nothing answers at the address of `serve`."""
    if bind.startswith("unix:"):
        alive = is_alive(bind, PORT_SECONDS)
        return Finding(
            "port", Outcome.PASS if alive else Outcome.WARN, f"{bind} {'answers' if alive else 'does not answer'}"
        )
    host, _, port = bind.rpartition(":")
    if port == "0":
        return Finding("port", Outcome.SKIP, f"{bind}: a free port is chosen at each start")
    host = _ANY.get(host, host)
    at = f"{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"
    if is_alive(f"https://{at}", PORT_SECONDS) or is_alive(f"http://{at}", PORT_SECONDS):
        return Finding("port", Outcome.PASS, f"{bind} answers")
    with suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), timeout=PORT_SECONDS):
        return Finding("port", Outcome.FAIL, f"another program listens on {bind}, or the server hangs", TAKEN)
    return Finding("port", Outcome.WARN, f"nothing listens on {bind}: the server does not run")


def _inside(patient: Patient[S], home: Path) -> Iterator[Finding]:
    server = patient.assemble(home)
    try:
        with server.database.read(OPERATOR) as unit:
            for one in patient.inside(server, unit):
                yield Finding(one.name, one.outcome, _detail(one, unit), because=one.because)
    except (AppError, DatabaseFailure) as error:
        yield _failed("database", error)
    finally:
        server.database.dispose()


def _detail(one: HealthCheck, unit: Unit) -> str:
    if one.day is None:
        return one.detail
    left = one.day - unit.now
    ago = f"{-left // timedelta(days=1)} days ago" if left <= timedelta(days=-1) else "less than a day ago"
    return one.detail.replace("{day}", f"{one.day:%Y-%m-%d}") + (
        f", {left.days} days left" if left >= timedelta() else f", {ago}"
    )
