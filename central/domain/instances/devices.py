"""Directly connected devices: registration, keys, identity (rows S4.1, S4.3, C7.6)."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from central.domain.instances.models import DeviceKey, Instance
from central.domain.instances.queries import by_udi, instance_name
from central.domain.tokens.models import Token
from central.keyring import KeyRing
from exchange.certificates import certificate_times, issue_device_certificate
from exchange.device.backend import DeviceRefusal, KnownDevice
from exchange.device.bodies import RegisterBody
from exchange.device.rules import RegistrationVerdict, judge_registration
from exchange.device.timers import CERTIFICATE
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.vocabulary import InstanceState
from serverkit.db.unit import Unit
from serverkit.ids import new_id

_KEY = select(DeviceKey).where(DeviceKey.key_id == bindparam("of")).with_for_update()


def find_key(unit: Unit, key_id: str) -> DeviceKey | None:
    """A device's key by its id, locked for the unit."""
    return unit.session.scalars(_KEY, {"of": key_id}).one_or_none()


def find_public(unit: Unit, key_id: str) -> PublicKey | None:
    """A device's public key by its id; an id names one key for ever."""
    data = unit.session.scalars(select(DeviceKey.public).where(DeviceKey.key_id == key_id)).one_or_none()
    return PublicKey.from_dict(data) if data is not None else None


def known_device(unit: Unit, row: DeviceKey) -> KnownDevice | None:
    """What the request processor needs of a key; None once its instance was removed."""
    instance = unit.session.get(Instance, (row.account_id, row.instance_id))
    if instance is None:
        return None
    return KnownDevice(
        instance=row.instance_id,
        key=PublicKey.from_dict(row.public),
        udis=(Udi.from_dict(instance.udi), *(Udi.from_dict(member) for member in instance.standbys)),
        last_counter=row.last_counter,
        last_digest=row.last_digest,
        last_answer=row.last_answer.encode() if row.last_answer else None,
        superseded=row.superseded,
    )


def registered_with(unit: Unit, udi: Udi, key: PublicKey) -> str | None:
    """The id of the token that a device registered with, if it is connected here with this very key."""
    query = select(Instance.token_id).where(
        Instance.udi_key == udi.key, Instance.key_hash == key.key_hash, Instance.satellite_id.is_(None)
    )
    return unit.session.scalars(query).first()


def register_device(unit: Unit, token: Token, body: RegisterBody, key: PublicKey) -> Instance:
    """Register a device, or let a new key take its instance over (row S4.1)."""
    known = by_udi(unit, token.account_id, body.udi)
    if known is not None and known.virtual_account_id != token.virtual_account_id:
        raise DeviceRefusal("other_virtual_account")  # only a person moves a device
    verdict = judge_registration(known.key_hash if known else None, key.key_hash)
    token.uses += verdict is not RegistrationVerdict.SAME
    if known is None:
        return _add(unit, token, body, key)
    if verdict is RegistrationVerdict.TAKE_OVER:
        for old in _keys_of(unit, known):
            old.superseded = True
        message = f"{instance_name(known)} registered again with a new key"
        _say(unit, EventKind.INSTANCE_TAKEN_OVER, known, message)
        unit.session.add(_key_row(known, key))
    known.key_hash, known.export_allowed = key.key_hash, token.export_controlled
    if body.standbys and [member.to_dict() for member in body.standbys] != known.standbys:
        labels = ", ".join(member.label for member in body.standbys)
        message = f"{instance_name(known)} connected, configured with standbys {labels}"
        _say(unit, EventKind.INSTANCE_CONNECTED_STANDBYS, known, message)
    _describe(known, body)
    known.last_contact, known.state = unit.now, InstanceState.ACTIVE
    return known


def _add(unit: Unit, token: Token, body: RegisterBody, key: PublicKey) -> Instance:
    row = Instance(
        account_id=token.account_id,
        id=new_id(),
        virtual_account_id=token.virtual_account_id,
        udi=body.udi.to_dict(),
        udi_key=body.udi.key,
        registered_at=unit.now,
        last_contact=unit.now,
        certificate_expires=unit.now + CERTIFICATE,
        state=InstanceState.ACTIVE,
        export_allowed=token.export_controlled,
        key_hash=key.key_hash,
        token_id=token.id,
        standbys=[],
        marks=[],
    )
    _describe(row, body)
    unit.session.add(row)
    unit.session.add(_key_row(row, key))
    kind = EventKind.INSTANCE_ADDED_STANDBYS if body.standbys else EventKind.INSTANCE_ADDED
    standbys = f" with standbys {', '.join(member.label for member in body.standbys)}" if body.standbys else ""
    _say(unit, kind, row, f"product instance {instance_name(row)} added{standbys}")
    unit.session.flush()  # the request processor looks the key up again when it keeps the answer
    return row


def _describe(row: Instance, body: RegisterBody) -> None:
    row.hostname, row.product_tag, row.software_version = body.hostname, body.product_tag, body.software_version
    row.standbys = [member.to_dict() for member in body.standbys]


def _key_row(row: Instance, key: PublicKey) -> DeviceKey:
    return DeviceKey(
        account_id=row.account_id,
        key_id=key.key_id,
        instance_id=row.id,
        public=key.to_dict(),
        superseded=False,
        last_counter=0,
        issue=0,
    )


def _keys_of(unit: Unit, row: Instance) -> list[DeviceKey]:
    query = select(DeviceKey).where(DeviceKey.account_id == row.account_id, DeviceKey.instance_id == row.id)
    return list(unit.session.scalars(query))


def _say(unit: Unit, kind: EventKind, row: Instance, message: str) -> None:
    record(
        unit,
        row.account_id,
        kind,
        message,
        subject={"instance": row.id, "pid": row.udi["pid"], "serial": row.udi["serial"]},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.id,
    )


def revive_key(unit: Unit, key: DeviceKey) -> None:
    """The old key is heard again: two machines, two instances, each counted, until a person picks (row S4.1)."""
    old = unit.session.get_one(Instance, (key.account_id, key.instance_id))
    twin = Instance(
        **{
            column.key: getattr(old, column.key)
            for column in Instance.__table__.columns
            if column.key not in {"id", "key_hash", "marks"}
        },
        id=new_id(),
        key_hash=PublicKey.from_dict(key.public).key_hash,
        marks=sorted({*old.marks, "clone"}),
    )
    old.marks = sorted({*old.marks, "clone"})
    unit.session.add(twin)
    key.instance_id, key.superseded = twin.id, False
    _say(unit, EventKind.INSTANCE_CLONE, twin, f"two machines show the identity of {instance_name(old)}")
    unit.session.flush()  # the request processor asks for the instance at once


def issue_certificate(unit: Unit, keyring: KeyRing, row: Instance, key: DeviceKey) -> bytes:
    """A new identity certificate for a device's key."""
    key.issue += 1
    der = issue_device_certificate(
        PublicKey.from_dict(key.public),
        row.id,
        Udi.from_dict(row.udi),
        keyring.device_ca_key,
        keyring.device_ca,
        unit.now,
        epoch=0,
        issue=key.issue,
    )
    row.certificate_expires = certificate_times(der)[1]
    return der


def membership(unit: Unit, row: Instance) -> tuple[SmartAccount, VirtualAccount]:
    """The account and virtual account of an instance."""
    account = unit.session.get_one(SmartAccount, row.account_id)
    return account, unit.session.get_one(VirtualAccount, (row.account_id, row.virtual_account_id))
