"""Use cases of the set-up: create a satellite, follow its steps, finish it (rows S1.2, S1.5)."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.errors import LabMismatchError
from exchange.trust import Trust, load_root
from satellite.actions.site import show_status
from satellite.core.site import services
from satellite.core.site.queries import site_of, state_of
from satellite.keyring import BOX, PSEUDONYMS
from satellite.runtime import DATABASE_FILE, Satellite, assemble, create_database, new_home, refuse_other_home
from serverkit.actor import Actor
from serverkit.clock import LAB_FILE, make_lab
from serverkit.db.migrate import current, require
from serverkit.db.unit import Unit
from serverkit.errors import HomeMissingError
from serverkit.files import write_atomic
from serverkit.locks import Lock, on_database
from serverkit.names import check_name
from serverkit.owner import make_folder
from serverkit.secrets_box import SecretBox, hash_secret, new_secret


@dataclass(frozen=True, slots=True)
class SetupProgress:
    """Which steps of the set-up are done."""

    registered: bool
    authorized: bool
    finished: bool


def create_satellite(folder: Path, actor: Actor, name: str, root: bytes, *, lab: bool) -> dict[str, Any]:
    """Create the keys and the database of a new satellite; nothing remains after a failure."""
    check_name("name", name)
    trust = load_root(root)
    if trust.root.lab != lab:
        raise LabMismatchError("the root is a laboratory's" if trust.root.lab else "the root is not a laboratory's")
    code = new_secret("setup")
    with new_home(folder):
        try:
            if lab:
                make_lab(folder)
            server = assemble(folder)
            try:
                with on_database(server.database.engine, Lock.FOUNDING):
                    found = _create(server, actor, trust, name, code)
            finally:
                server.database.dispose()
        except BaseException:
            shutil.rmtree(folder / "keys", ignore_errors=True)
            (folder / LAB_FILE).unlink(missing_ok=True)
            for leftover in folder.glob(f"{DATABASE_FILE}*"):
                leftover.unlink()
            raise
    vendor = {"vendor_id": trust.root.vendor_id, "vendor": trust.root.vendor_name, "root_version": trust.root.version}
    return {**found, "home": str(folder), "lab": lab, "setup_code": code, **vendor}


def _create(server: Satellite, actor: Actor, trust: Trust, name: str, code: str) -> dict[str, str]:
    create_database(server)
    refuse_other_home(server)
    make_folder(server.keyring.folder)
    SecretBox.create(server.keyring.folder / BOX)
    write_atomic(server.keyring.folder / PSEUDONYMS, secrets.token_bytes(32))
    with server.database.write(actor) as unit:
        site = services.create_site(unit, server.keyring, name, hash_secret(code))
        found = {"id": site.satellite_id, "name": name}
        # The trust file comes last: a home without it was never set up.
        unit.after_commit += [lambda: server.anchor.reset(0), lambda: server.keyring.write_trust(trust)]
    return found


def migrate_database(folder: Path) -> dict[str, Any]:
    """Migrate the database to this version, after a copy; the versions before and after."""
    server = assemble(folder)
    try:
        if not server.keyring.exists:
            raise HomeMissingError("there is no satellite in this home")
        require(server.database.engine)
        before = current(server.database.engine)
        create_database(server)
        return {"before": before, "now": current(server.database.engine)}
    finally:
        server.database.dispose()


def show_progress(unit: Unit) -> SetupProgress:
    """Show which steps of the set-up are done."""
    site = site_of(unit)
    return SetupProgress(state_of(unit, site) != "new", site.epoch > 0, site.setup_finished_at is not None)


def finish_setup(server: Satellite, unit: Unit, mode: str) -> dict[str, Any]:
    """Finish the set-up with a mode of synchronization; the new state of the satellite."""
    services.finish_setup(unit, mode)
    return show_status(server, unit)
