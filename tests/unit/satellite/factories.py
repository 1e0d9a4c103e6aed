"""A satellite's tables in memory, and rows as cheap as a test of one action needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from central.domain.trust.rules import first_root
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.trust import load_root, sign_root
from exchange.vocabulary import Billing, InstanceState, LicenceType, PrivacyField
from exchange.vocabulary import Role as TrustRole
from satellite.core.access.models import User
from satellite.core.access.rules import MATRIX, Role, permissions_of
from satellite.core.accounts.models import VirtualAccount
from satellite.core.export_queue.models import HeldGrant, QueueEntry
from satellite.core.instances.models import Instance
from satellite.core.licences.models import AllotmentLine, Entitlement
from satellite.core.schema import metadata
from satellite.core.site.models import MadeRequest, Site
from satellite.core.site.queries import DEFAULT_POLICY
from satellite.runtime import Satellite, assemble
from serverkit.actor import OPERATOR, Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.names import kept_key
from serverkit.secrets_box import SecretBox

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def person(role: Role) -> Actor:
    """A person with an access token of a role."""
    return Actor(ActorKind.USER, role.value, role.value, frozenset(one.value for one in MATRIX[role]))


@contextmanager
def unit_of(actor: Actor = OPERATOR, *, epoch: int = 1) -> Iterator[Unit]:
    """A unit of work over empty tables with one authorized satellite; epoch 0 leaves it without authorization."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        unit = Unit(session, NOW, actor, writing=True)
        session.add(site_row(epoch))
        session.flush()
        yield unit
    engine.dispose()


def site_row(epoch: int) -> Site:
    """The row of the satellite."""
    return Site(
        id=1,
        satellite_id="5" * 32,
        name="North",
        identity_key_id="1" * 32,
        device_ca_key_id="2" * 32,
        account_id="a" * 32,
        account_domain="customer.example",
        account_name="Customer",
        export_allowed=False,
        epoch=epoch,
        epoch_id="e" * 32,
        authorization_digest="",
        authorized_at=NOW if epoch else None,
        last_seq=0,
        acknowledged_seq=0,
        acknowledged_digest="",
        acknowledged_upto=0,
        applied_rseq=0,
        applied_digest="",
        policy=dict(DEFAULT_POLICY),
        needs_full=True,
        setup_code_hash="0" * 64,
        setup_steps={},
        privacy={field.value: "send" for field in PrivacyField},
        network={},
    )


def id_of(name: str) -> str:
    """An id that sorts as its name does."""
    return name.encode().hex().ljust(32, "0")


def add_virtual_account(unit: Unit, name: str) -> VirtualAccount:
    """A virtual account of this satellite."""
    row = VirtualAccount(id=id_of(name), name=name, description="", removed=False)
    unit.session.add(row)
    unit.session.flush()
    return row


def add_instance(unit: Unit, virtual_account: VirtualAccount, serial: str, hostname: str | None = None) -> Instance:
    """A product instance that registered a day ago."""
    udi = Udi(pid="SW-48", serial=serial)
    row = Instance(
        id=id_of(serial),
        virtual_account_id=virtual_account.id,
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
        removed=False,
        change_no=1,
    )
    unit.session.add(row)
    unit.session.flush()
    return row


def add_grant(unit: Unit, instance: Instance) -> HeldGrant:
    """A restricted unit that an instance holds."""
    row = HeldGrant(
        id=id_of(f"grant{instance.id[:4]}"),
        request_id="0" * 32,
        instance_id=instance.id,
        virtual_account_id=instance.virtual_account_id,
        tag="STRONG",
        quantity=1,
        generation=1,
        installed=0,
        key_hash=instance.key_hash,
        envelope={},
        not_after=NOW + timedelta(days=90),
        deliver_until=NOW + timedelta(days=30),
        state="active",
        change_no=1,
    )
    unit.session.add(row)
    return row


def add_request(unit: Unit, instance: Instance, name: str, *, state: str = "waiting") -> QueueEntry:
    """A device's request for a restricted licence."""
    row = QueueEntry(
        id=id_of(name),
        instance_id=instance.id,
        virtual_account_id=instance.virtual_account_id,
        tag="STRONG",
        count=1,
        state=state,
        reason=None,
        message="",
        statement={},
        device_key={},
        key_hash=instance.key_hash,
        requested_at=NOW,
        change_no=1,
    )
    unit.session.add(row)
    unit.session.flush()
    return row


def add_made_request(unit: Unit, number: int, *, epoch: int = 1) -> MadeRequest:
    """A request file that was made now."""
    row = MadeRequest(
        epoch=epoch,
        seq=number,
        digest=f"{number:064}",
        content=b"request",
        upto=number,
        full=False,
        counts={"instance": 1},
        made_at=NOW,
    )
    unit.session.add(row)
    unit.session.flush()
    return row


def server_of(home: Path, *, epoch: int = 1) -> Satellite:
    """A satellite with keys and tables in a home, as it is after its set-up; to be disposed of."""
    (home / "keys").mkdir(parents=True)
    server = assemble(home)
    metadata.create_all(server.database.engine)
    SecretBox.create(home / "keys" / "secrets.key")
    (home / "keys" / "pseudonyms.key").write_bytes(b"0" * 32)
    roots, roles = [PrivateKey.generate() for _ in range(3)], {role: PrivateKey.generate() for role in TrustRole}
    public = {role: key.public for role, key in roles.items()}
    root = first_root("f" * 32, "Vendor", [key.public for key in roots], public, datetime.now(UTC), lab=True)
    server.keyring.write_trust(load_root(sign_root(root, roots[:2])))
    row = site_row(epoch)
    row.identity_key_id, row.device_ca_key_id = server.keyring.make_key(), server.keyring.make_key()
    with server.database.write(OPERATOR) as unit:
        unit.session.add(row)
    server.anchor.reset(epoch)
    return server


def add_user(unit: Unit, name: str, role: Role) -> User:
    """A user who has no password."""
    row = User(id=id_of(name), name=name, name_key=kept_key(name), role=role.value, created_at=unit.now)
    row.created_by = "the owner"
    unit.session.add(row)
    unit.session.flush()
    return row


def signed_in(user: User) -> Actor:
    """A user as an actor."""
    return Actor(ActorKind.USER, user.id, user.name, permissions_of(user.role))


def add_allotment(
    unit: Unit,
    virtual_account: VirtualAccount,
    tag: str,
    quantity: int,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> AllotmentLine:
    """A line that central allotted; perpetual without an end."""
    row = AllotmentLine(
        serial=id_of(f"{tag}{virtual_account.name}"),
        virtual_account_id=virtual_account.id,
        tag=tag,
        licence_type=(LicenceType.PERPETUAL if end is None else LicenceType.TERM).value,
        start=start if start is not None or end is None else NOW - timedelta(days=300),
        end=end,
        quantity=quantity,
        billing=Billing.PREPAID.value,
        restricted=False,
        valid_until=NOW + timedelta(days=300),
        envelope={},
    )
    unit.session.add(row)
    if unit.session.get(Entitlement, tag) is None:
        unit.session.add(Entitlement(tag=tag, name=tag.capitalize(), description="", restricted=False, products=[]))
    unit.session.flush()
    return row
