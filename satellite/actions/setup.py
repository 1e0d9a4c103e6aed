"""Use cases of the set-up: create a satellite, follow its steps, finish it (rows S1.2, S1.5)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.errors import LabMismatchError
from exchange.trust import Trust, load_root
from satellite.actions.sign_in import people_of
from satellite.actions.site import show_status
from satellite.core.access import users
from satellite.core.access.models import USER_TABLES
from satellite.core.access.rules import Permission, Role
from satellite.core.access.services import require as require_permission
from satellite.core.site import services
from satellite.core.site.errors import SetupRequiredError
from satellite.core.site.queries import site_of, state_of
from satellite.keyring import BOX, PSEUDONYM_BYTES, PSEUDONYMS
from satellite.runtime import DATABASE_FILE, HOMES, Satellite, assemble, refuse_other_home
from serverkit.actor import SYSTEM, Actor
from serverkit.clock import LAB_FILE, make_lab
from serverkit.db.unit import Unit
from serverkit.files import write_atomic
from serverkit.founding import removed_on_failure, write_files_first
from serverkit.locks import Lock, on_database
from serverkit.names import check_name
from serverkit.owner import make_folder
from serverkit.secrets_box import SecretBox
from serverkit.users import backoff
from serverkit.users.errors import AdministratorExistsError
from serverkit.users.first import SETUP_CODE, FirstUser, kept_setup_code
from serverkit.users.sign_in import SignedIn
from serverkit.users.tables import Browser, Person


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
    with HOMES.new_home(folder), removed_on_failure(folder, LAB_FILE, SETUP_CODE, f"{DATABASE_FILE}*"):
        if lab:
            make_lab(folder)
        server = assemble(folder)
        try:
            with on_database(server.database.engine, Lock.FOUNDING):
                found = _create(server, actor, trust, name)
        finally:
            server.database.dispose()
    vendor = {"vendor_id": trust.root.vendor_id, "vendor": trust.root.vendor_name, "root_version": trust.root.version}
    return {**found, "home": str(folder), "lab": lab, **vendor}


def _create(server: Satellite, actor: Actor, trust: Trust, name: str) -> dict[str, str]:
    HOMES.migrate(server.database)
    refuse_other_home(server)
    make_folder(server.keyring.folder)
    SecretBox.create(server.keyring.folder / BOX)
    write_atomic(server.keyring.folder / PSEUDONYMS, secrets.token_bytes(PSEUDONYM_BYTES))
    with server.database.write(actor) as unit:
        site = services.create_site(unit, server.keyring, name)
        unit.session.flush()  # the code is kept in the new row
        found = {"id": site.satellite_id, "name": name, "setup_code": services.renew_setup_code(unit, server.home)}
        # The trust file comes last: a home without it was never set up.
        unit.after_commit += [lambda: server.anchor.reset(0), lambda: server.keyring.write_trust(trust)]
        write_files_first(unit)
    return found


def migrate_database(folder: Path) -> dict[str, Any]:
    """Migrate the database to this version, after a copy; the versions before and after."""
    return HOMES.migrate_home(folder, assemble(folder).database)


def rehearse_migration(folder: Path) -> dict[str, Any]:
    """Tell what a migration to this version would do, with the rows of each table; nothing is changed."""
    return HOMES.rehearse_migration(folder, assemble(folder).database)


class SetupGate:
    """Refuses devices' and programs' requests until the set-up is finished; then it asks no more."""

    def __init__(self, server: Satellite) -> None:
        """Ask the database of `server`."""
        self._server = server
        self._finished = False

    def ask(self) -> None:
        """Refuse while the set-up is not finished; SetupRequiredError."""
        if not self._finished:
            with self._server.database.read(SYSTEM) as unit:
                self._finished = site_of(unit).setup_finished_at is not None
            if not self._finished:
                raise SetupRequiredError


def needs_administrator(unit: Unit) -> bool:
    """Whether there is no administrator yet: the console then answers with the page of the set-up code only."""
    return users.count_administrators(unit) == 0


def first_user(server: Satellite) -> FirstUser:
    """How the first administrator of this satellite is made."""
    return FirstUser(people_of(server), needs_administrator, lambda unit: site_of(unit).setup_code_hash)


def renew_setup_code(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Make a new set-up code while there is no administrator; AdministratorExistsError."""
    require_permission(unit, Permission.ACCESS_MANAGE)
    if not needs_administrator(unit):
        raise AdministratorExistsError
    backoff.forget_setup(unit, USER_TABLES)
    return {"setup_code": services.renew_setup_code(unit, server.home)}


def read_setup_code(server: Satellite, unit: Unit) -> str | None:
    """The set-up code as its file holds it, for the console of this machine; None once it is void."""
    if not needs_administrator(unit):
        return None
    return kept_setup_code(server.home, site_of(unit).setup_code_hash)


def create_first_administrator(server: Satellite, code: str, name: str, password: str, browser: Browser) -> SignedIn:
    """Make the first administrator by the set-up code, which is void then; the administrator is signed in.

    AdministratorExistsError, SetupCodeRefusedError, TooManyTriesError after four wrong codes from one address, and the
    refusals of a name or a password, for which the code stays good.
    """

    def make(unit: Unit) -> Person:
        row = users.create_user(unit, name, Role.ADMINISTRATOR, password)
        row.last_sign_in_at = unit.now
        services.void_setup_code(unit, server.home)
        return Person(row.id, row.name, row.role)

    return first_user(server).create(code, browser, make)


def show_progress(unit: Unit) -> SetupProgress:
    """Show which steps of the set-up are done."""
    site = site_of(unit)
    return SetupProgress(state_of(unit, site) != "new", site.epoch > 0, site.setup_finished_at is not None)


def show_steps(unit: Unit) -> dict[str, Any]:
    """Show every step in order, whether all are done, and the next command."""
    progress = show_progress(unit)
    items = [
        {"step": "registration", "done": progress.registered, "next": "satellite registration export --output FILE"},
        {"step": "authorization", "done": progress.authorized, "next": "satellite registration import FILE"},
        {"step": "synchronization", "done": progress.finished, "next": "satellite setup finish --mode manual"},
    ]
    todo = next((item["next"] for item in items if not item["done"]), None)
    return {"items": items, "finished": todo is None, "next": todo}


def finish_setup(server: Satellite, unit: Unit, mode: str | None = None) -> dict[str, Any]:
    """Finish the set-up with a mode of synchronization, or with the one that was chosen; the new state."""
    services.finish_setup(unit, mode)
    return show_status(server, unit)
