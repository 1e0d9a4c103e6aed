"""Installs a verified update: everything that was there is kept first, and comes back when the new version does not serve."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from serverkit.clock import SystemClock, iso
from serverkit.files import sync_folder
from serverkit.updates.bundle import PIECE, Update, members, refuse_unfit, release_keys, verify_update
from serverkit.updates.errors import (
    UpdateAlteredError,
    UpdateDatabaseElsewhereError,
    UpdateHomeError,
    UpdateNotNewerError,
)
from serverkit.updates.machine import START_SECONDS, Machine, Product, ProgramFailedError, read_json

Tell = Callable[[str], None]
JOURNAL, REPORT, WORK = "journal.json", "report.json", "work"
INSTALLED, WENT_BACK, STUCK = "installed", "went_back", "stuck"


def now() -> str:
    """This moment, for a report."""
    return iso(SystemClock().now())


def prepare(machine: Machine, file: Path) -> Update:
    """Verify the helper's own copy of an update, and that it fits; nothing is changed. The refusals of an update file."""
    with file.open("rb") as stream:
        update = verify_update(stream, release_keys(machine.key_files))
    here = machine.packages()
    if "perigee-common" not in here:
        raise UpdateNotNewerError("no package of the vendor is installed here")
    refuse_unfit(update, here["perigee-common"], machine.system)
    offered = {path.rpartition("/")[2].split("_")[0]: path for path in update.packages()}
    for name in here:
        path = offered.get(name, "")
        if path.rpartition("/")[2].split("_")[1:2] != [update.version]:
            raise UpdateAlteredError("{name} of version {version} is not in it", name=name, version=update.version)
    for product in installed(machine, here):
        if (product.home / "keys").is_dir() and not product.databases():
            raise UpdateDatabaseElsewhereError
        if not (product.home / "keys").is_dir() and product.databases():
            raise UpdateHomeError("{home} has a database and no keys", home=str(product.home))
    return update


def installed(machine: Machine, here: dict[str, str]) -> list[Product]:
    """The servers whose packages are installed."""
    return [one for one in machine.products if one.user in here]


def install(machine: Machine, update: Update, file: Path, tell: Tell) -> dict[str, Any]:
    """Install an update that was prepared; the report, which stays in the helper's folder."""
    here = machine.packages()
    products = installed(machine, here)
    units = [unit for one in products for unit in one.units]
    active = [unit for unit in units if machine.is_active(unit)]
    work = machine.state / WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    tell("keep")
    _unpack(update, file, work / "new")
    (work / "old").mkdir()
    for name in here:
        machine.keep_package(name, work / "old")
    journal: dict[str, Any] = {"from": here["perigee-common"], "to": update.version, "active": active, "migrated": []}
    _write(machine, JOURNAL, journal)
    try:
        tell("stop")
        machine.hold(units)
        for product in products:
            _copy(product.databases(), work / product.name)
        tell("install")
        machine.install(work / "new", dict.fromkeys(here, update.version))
        tell("migrate")
        for product in products:
            if product.databases():
                _migrate(machine, product, journal)
        tell("start")
        machine.release(units)
        _start(machine, active)
    except (ProgramFailedError, OSError, ValueError, KeyError) as error:
        return go_back(machine, str(error), tell)
    report = {"outcome": INSTALLED, "from": journal["from"], "to": update.version, "at": now(), "reason": ""}
    return _end(machine, report)


def go_back(machine: Machine, reason: str, tell: Tell) -> dict[str, Any]:
    """Restore what was kept, after a failure or after a power cut in the middle; the report."""
    journal = read_json(machine.state / JOURNAL)
    if journal is None:
        return {}
    tell("go_back")
    work = machine.state / WORK
    products = [one for one in machine.products if any((work / "old").glob(f"{one.user}.deb"))]
    units = [unit for one in products for unit in one.units]
    report = {"outcome": WENT_BACK, "from": journal["from"], "to": journal["to"], "at": now(), "reason": reason[:2000]}
    try:
        machine.hold(units)
        machine.put_back(work / "old")
        for product in products:
            if product.name in journal["migrated"]:
                _restore(product, work / product.name)
        machine.release(units)
        _start(machine, journal["active"])
    except (ProgramFailedError, OSError) as error:
        # What was kept stays for a person; the next start of the machine tries once more.
        report |= {"outcome": STUCK, "reason": f"{reason[:1000]}; then {error}"[:2000]}
        _write(machine, REPORT, report)
        return report
    return _end(machine, report)


def _end(machine: Machine, report: dict[str, Any]) -> dict[str, Any]:
    _write(machine, REPORT, report)
    (machine.state / JOURNAL).unlink(missing_ok=True)
    sync_folder(machine.state)
    shutil.rmtree(machine.state / WORK, ignore_errors=True)
    return report


def _migrate(machine: Machine, product: Product, journal: dict[str, Any]) -> None:
    # Before it begins: a power cut in the middle must not leave a half-migrated database to the older program.
    journal["migrated"].append(product.name)
    _write(machine, JOURNAL, journal)
    said = machine.run(f"/usr/bin/{product.name}", "--json", "upgrade", user=product.user)
    found = json.loads(said[max(said.find("{"), 0) :])
    if found["before"] == found["now"]:
        journal["migrated"].remove(product.name)
        _write(machine, JOURNAL, journal)


def _start(machine: Machine, units: Sequence[str]) -> None:
    """Start what ran before: a server is started once it answers; ProgramFailedError where it does not stay up."""
    servers = [unit for unit in units if not unit.endswith("-jobs.service")]
    for unit in servers:
        machine.run("systemctl", "start", unit, seconds=START_SECONDS)
    time.sleep(machine.settle if servers else 0)
    for unit in servers:
        if not machine.is_active(unit):
            raise ProgramFailedError(f"{unit} does not stay up: see its journal")
    for unit in units:
        machine.run("systemctl", "start", unit, seconds=START_SECONDS)


def _unpack(update: Update, file: Path, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    with file.open("rb") as stream:
        for name, content in members(stream):
            if name in update.files:
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as out:
                    _pour(content, out)


def _pour(content: BinaryIO, out: BinaryIO) -> None:
    while piece := content.read(PIECE):
        out.write(piece)


def _copy(files: Sequence[Path], folder: Path) -> None:
    folder.mkdir()
    for path in files:
        shutil.copy2(path, folder / path.name)


def _restore(product: Product, folder: Path) -> None:
    owner = product.home.stat()
    for path in product.databases():
        path.unlink()
    for path in sorted(folder.iterdir()):
        target = product.home / path.name
        shutil.copy2(path, target)
        os.chown(target, owner.st_uid, owner.st_gid)
    sync_folder(product.home)


def _write(machine: Machine, name: str, value: dict[str, Any]) -> None:
    path = machine.state / name
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    new.chmod(0o644)
    new.replace(path)
    sync_folder(machine.state)


__all__ = ["INSTALLED", "JOURNAL", "REPORT", "STUCK", "WENT_BACK", "go_back", "install", "prepare"]
