"""A central that is put together: home, settings, clock, database, keys."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

import central
from central.anchor import Anchor, Reached
from central.domain.alerts.services import settle_alerts
from central.domain.conversions.contract_answers import LOOKUP
from central.domain.event_log.queries import founding_vendor
from central.domain.operations.models import ClockRow, CommitMark
from central.domain.operations.nodes import copied, note_node, wants_note
from central.domain.operations.rules import Origin, Place
from central.domain.trust.services import finish_replacement
from central.keyring import TRUST, KeyRing
from central.settings import PREFIX, CentralSettings
from central.sync.restored_central import enter_recovery, origin, reached
from exchange.carried import change_of
from serverkit.actor import SYSTEM
from serverkit.anchor import AnchorUnreadableError
from serverkit.backup.service import Product
from serverkit.clock import Clock
from serverkit.db.timekeeper import Timekeeper
from serverkit.db.unit import Database, DatabaseFailure, Unit
from serverkit.errors import AppError, DatabaseForeignError
from serverkit.home import HomeKind, anchor_folder, state_elsewhere
from serverkit.locks import Lock, waiting
from serverkit.log import get_logger
from serverkit.settings_file import load_settings

DATABASE_FILE = "central.db"
HOMES = HomeKind(
    "central",
    DATABASE_FILE,
    TRUST,
    Path(central.__file__).parent / "migrations",
    ClockRow,
    CommitMark,
    lambda keys: KeyRing(keys).trust.root.lab,
)

BACKUPS = Product("central", central.__version__, HOMES.database, HOMES.migrations, change_of)
"""What a backup of central holds, and which ones it restores."""


@dataclass(frozen=True)
class Central:
    """One central."""

    home: Path
    settings: CentralSettings
    clock: Timekeeper
    database: Database
    keyring: KeyRing
    anchor: Anchor

    @property
    def state_elsewhere(self) -> list[Path]:
        """Folders of this home's state that stand outside it."""
        return state_elsewhere(self.settings)

    @property
    def place(self) -> Place:
        """Where this home is, for other nodes of the same central."""
        return Place(platform.node()[:255], str(self.home.absolute()))

    @property
    def node(self) -> str:
        """The id of this home among the nodes; empty where it was not noted yet."""
        known = self.anchor.read()
        return known.node if known is not None else ""

    @property
    def is_shared(self) -> bool:
        """Whether several homes may work on the database."""
        return self.database.engine.dialect.name != "sqlite"

    def missing_keys(self) -> list[str]:
        """Key files that central needs and does not find."""
        return self.keyring.missing()


def assemble(home: Path, clock: Clock | None = None) -> Central:
    """Assemble a central without checking that it was set up."""
    settings = load_settings(CentralSettings, home, PREFIX)
    database, keyring = HOMES.database_of(home, settings, clock), KeyRing(home / "keys")
    database.settle = lambda unit: settle_alerts(unit, keyring)
    if settings.contracts.url:
        database.features = frozenset({LOOKUP})
    return Central(home, settings, database.clock, database, keyring, Anchor(anchor_folder(home, settings), home))


def open_central(home: Path) -> Central:
    """Open a central that was set up; its database must have the version of this program."""
    HOMES.check(home, lambda: _mark_restored(home))
    server = assemble(home)
    HOMES.check_version(server.database)
    refuse_other_home(server, server.keyring.vendor_id)
    finish_replacement(server.keyring, server.clock.now())
    recover_if_restored(server)
    if server.is_shared:
        note_here(server)
    return server


def refuse_other_home(server: Central, vendor_id: str | None) -> None:
    """Refuse a database that another central set up, before anything is concluded from it; none has a vendor None.

    An embedded database is in its home and is no other's.
    """
    if not server.is_shared:
        return
    with server.database.read(SYSTEM) as unit:
        founder = founding_vendor(unit)
    if founder is not None and founder != vendor_id:
        raise DatabaseForeignError("the database was set up by another central, with other keys")


def settle_restore(home: Path) -> None:
    """Finish a restore that was interrupted."""
    HOMES.settle_restore(home, lambda: _mark_restored(home))


def _mark_restored(home: Path) -> None:
    server = assemble(home)  # by the settings that were restored: they say where the anchor is
    server.database.dispose()
    server.anchor.mark_restored()


def recover_if_restored(server: Central) -> bool:
    """Find out whether this central was restored, and open new epochs if it was."""
    with server.database.read(SYSTEM) as unit:
        found = origin(unit, server.anchor.read(), server.place)
        if found is Origin.GOES_ON:
            return False
        now = reached(unit)
    # Several processes open a restored home at once; the first one's new epochs are enough.
    with waiting(Lock.RECOVERY, server.home):
        if found is Origin.NEW:
            server.anchor.write(now)
            return False
        recovered = server.database.run(SYSTEM, lambda unit: _recover(server, unit))
        if recovered is None:
            return False
        server.anchor.clear(recovered)
    get_logger().warning("central_restored", epoch_floor=recovered.epoch_floor)
    return True


def _recover(server: Central, unit: Unit) -> Reached | None:
    known = server.anchor.read()
    if origin(unit, known, server.place) is not Origin.RESTORED:
        return None
    enter_recovery(unit, known)
    unit.session.flush()
    return reached(unit)


def note_here(server: Central) -> None:
    """Have the database know this home as one of its nodes, and that it is there.

    What cannot be written down, on a full disk or while another writes, makes nothing fail: it is noted the next time.
    """
    try:
        _note_here(server)
    except AnchorUnreadableError:
        raise
    except (AppError, DatabaseFailure) as error:
        get_logger().warning("node_not_noted", cause=getattr(error, "code", type(error).__name__))


def _note_here(server: Central) -> None:
    node, version = server.anchor.node(), central.__version__
    with server.database.read(SYSTEM) as unit:
        copy = copied(unit, node, server.place)
        if not copy and not wants_note(unit, node, server.place, version):
            return
    if copy:
        node = server.anchor.node(fresh=True)
    server.database.run(SYSTEM, lambda unit: note_node(unit, node, server.place, version))
