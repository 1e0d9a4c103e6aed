"""Central's tables in memory with one account, as cheap as a test of one action needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from central.actions.accounts import accept_agreement, create_account
from central.actions.catalogue import import_catalogue
from central.actions.virtual_accounts import create_virtual_account
from central.anchor import Reached
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.instances.models import Instance
from central.domain.satellites.models import Satellite
from central.domain.schema import metadata
from central.domain.trust.services import create_trust, make_passphrase
from central.keyring import KeyRing
from central.runtime import Central, assemble
from exchange.identity import Udi
from exchange.vocabulary import InstanceState
from serverkit.actor import OPERATOR, Actor, ActorKind
from serverkit.db.unit import Unit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DOMAIN, POOL = "customer.example", "Site"
NOBODY = Actor(ActorKind.USER, "9" * 32, "nobody", None)
"""A person who signed in and holds no role."""


@contextmanager
def unit_of(actor: Actor = OPERATOR) -> Iterator[Unit]:
    """A unit of work with an account that accepted the agreement, and one virtual account beside the default one."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        unit = Unit(session, NOW, OPERATOR, writing=True)
        create_account(unit, DOMAIN, "Customer", export_allowed=False)
        accept_agreement(unit, DOMAIN)
        create_virtual_account(unit, DOMAIN, POOL)
        session.flush()
        unit.actor = actor
        yield unit
    engine.dispose()


def add_licences(unit: Unit, folder: Path) -> Path:
    """Import a catalogue of two licences; returns a file of orders for the virtual account."""
    catalogue, orders = folder / "catalogue.csv", folder / "orders.csv"
    catalogue.write_text("kind,tag,name\nentitlement,ADVANTAGE,Advantage\nentitlement,ESSENTIALS,Essentials\n", "utf-8")
    import_catalogue(unit, catalogue)
    orders.write_text(f"virtual_account,tag,quantity,order_number,order_line\n{POOL},ADVANTAGE,3,O-1,1\n", "utf-8")
    return orders


def add_instance(
    unit: Unit, serial: str, hostname: str | None = None, *, domain: str = DOMAIN, pool: str = POOL
) -> Instance:
    """A product instance of the virtual account that registered a day ago."""
    account = by_domain(unit, domain)
    udi = Udi(pid="SW-48", serial=serial)
    row = Instance(
        account_id=account.id,
        id=serial.encode().hex().ljust(32, "0"),
        virtual_account_id=virtual_account(unit, account.id, pool).id,
        udi=udi.to_dict(),
        udi_key=udi.key,
        hostname=hostname,
        registered_at=NOW - timedelta(days=1),
        last_contact=NOW - timedelta(days=1),
        certificate_expires=NOW + timedelta(days=364),
        state=InstanceState.ACTIVE.value,
        export_allowed=False,
        key_hash="f" * 64,
        standbys=[],
        marks=[],
    )
    unit.session.add(row)
    unit.session.flush()
    return row


def add_satellite(unit: Unit, name: str, *, last_sync: datetime | None = NOW) -> Satellite:
    """An authorized satellite that manages no virtual account; None leaves it waiting for its first authorization."""
    row = Satellite(
        account_id=by_domain(unit, DOMAIN).id,
        id=name.encode().hex().ljust(32, "0"),
        name=name,
        host="north.customer.example",
        software_version="1.0",
        state="pending" if last_sync is None else "authorized",
        approved=last_sync is not None,
        requested_at=NOW - timedelta(days=300),
        registered_at=None if last_sync is None else NOW - timedelta(days=300),
        last_sync_at=last_sync,
        epoch=1,
        epoch_id="e" * 32,
        last_seq=0,
        last_rseq=0,
        registration={},
        forked=False,
        recovering=False,
    )
    unit.session.add(row)
    unit.session.flush()
    return row


def keyring_of(folder: Path) -> KeyRing:
    """Keys of a central for laboratories, with a root."""
    (folder / "root-keys").mkdir(parents=True)
    keyring = KeyRing(folder / "keys")
    passphrase = make_passphrase(folder / "root-keys")
    create_trust(keyring, "Vendor", folder / "root-keys", passphrase, NOW, lab=True)
    return keyring


def server_of(home: Path) -> Central:
    """A central with keys and empty tables in a home, as it is after its set-up; to be disposed of."""
    keyring_of(home)
    server = assemble(home)
    metadata.create_all(server.database.engine)
    server.anchor.write(Reached())
    return server
