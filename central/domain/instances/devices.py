"""Directly connected devices: registration, keys, identity (rows S4.1, S4.3, C7.6)."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.instances.detached import is_detached
from central.domain.instances.hardware import same_hardware
from central.domain.instances.models import RESERVED, DeviceKey, Instance
from central.domain.instances.queries import instance_name, known_unit, members_of, units_of
from central.domain.instances.services import live_keys, say, set_standbys
from central.domain.tokens.models import Token
from central.keyring import KeyRing
from exchange.certificate_issuing import issue_device_certificate
from exchange.certificates import certificate_times
from exchange.device.backend import DeviceRefusal
from exchange.device.bodies import RegisterBody
from exchange.device.rules import RegistrationVerdict, is_clone, judge_registration, standbys_after, uses_token
from exchange.device.timers import AUTHORIZATION_RENEWAL, CERTIFICATE
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.vocabulary import InstanceState
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.licence_texts import token_text
from serverkit.locks import for_change

_KEY = for_change(select(DeviceKey).where(DeviceKey.key_id == bindparam("of")))


def find_key(unit: Unit, key_id: str) -> DeviceKey | None:
    """A device's key by its id, locked for the unit."""
    return unit.session.scalars(_KEY, {"of": key_id}).one_or_none()


def find_public(unit: Unit, key_id: str) -> PublicKey | None:
    """A device's public key by its id; an id names one key forever."""
    data = unit.session.scalars(select(DeviceKey.public).where(DeviceKey.key_id == key_id)).one_or_none()
    return PublicKey.from_dict(data) if data is not None else None


def registered_with(unit: Unit, key: PublicKey) -> str | None:
    """The id of the token that a device registered with, if it is connected here with this very key."""
    row = find_key(unit, key.key_id)
    instance = unit.session.get(Instance, (row.account_id, row.instance_id)) if row is not None else None
    return instance.token_id if instance is not None else None


def register_device(
    unit: Unit, token: Token, body: RegisterBody, key: PublicKey, *, is_new: bool = False
) -> tuple[Instance, DeviceKey]:
    """Register a device: its key is looked up before its UDI (rows S4.1, C7.6). `is_new` says that neither is known."""
    mine, known = (None, None) if is_new else _known(unit, token, body.udi, key)
    if known is not None and known.virtual_account_id != token.virtual_account_id:
        raise DeviceRefusal("other_virtual_account")  # only a person may move a device
    if known is not None and is_detached(known, unit.licence_now):
        raise DeviceRefusal("detached")  # its units are used elsewhere until then, by a key that was not asked
    live = {row.key_id: row.member for row in live_keys(unit, known)} if known is not None else None
    verdict = judge_registration(live, key.key_id, body.udi.key)
    leads, same_token = known is None or known.udi_key == body.udi.key, known is not None and known.token_id == token.id
    used = uses_token(verdict, leads=leads, same_token=same_token)
    token.uses += used
    if known is None:
        return _add(unit, token, body, key)
    if verdict is RegistrationVerdict.TAKE_OVER:
        _supersede(unit, known, body.udi)
        kind, message = EventKind.INSTANCE_TAKEN_OVER, f"{instance_name(known)} registered again with a new key"
        if known.state == RESERVED:  # it was added by its request code
            kind, message = EventKind.INSTANCE_ADDED, f"product instance {instance_name(known)} registered"
            known.token_id, known.registered_at = token.id, unit.now
        say(unit, kind, known, message)
    elif verdict is RegistrationVerdict.JOIN:
        message = f"{body.udi.label} registered and joined the set of {instance_name(known)}"
        say(unit, EventKind.INSTANCE_CONNECTED_STANDBYS, known, message)
    elif used:
        say(unit, EventKind.INSTANCE_TOKEN, known, token_text(instance_name(known), token.export_controlled))
    if verdict is not RegistrationVerdict.SAME or mine is None:
        unit.session.add(mine := _key_row(known, key, body.udi))
        unit.session.flush()  # the set is looked at again
    _update(unit, known, token, body, key)
    return known, mine


def _known(unit: Unit, token: Token, udi: Udi, key: PublicKey) -> tuple[DeviceKey | None, Instance | None]:
    """The row of a key that registers, and the instance that it or its unit belongs to."""
    mine = find_key(unit, key.key_id)
    if mine is None:
        return None, known_unit(unit, token.account_id, udi, token.virtual_account_id)
    return mine, unit.session.get(Instance, (mine.account_id, mine.instance_id))


def _update(unit: Unit, row: Instance, token: Token, body: RegisterBody, key: PublicKey) -> None:
    """Store what a unit of an instance reports about itself; the active unit reports for the set."""
    active, *standbys = members_of(row)
    with_key = {one.member for one in live_keys(unit, row)}
    after = standbys_after(active, standbys, body.udi, body.standbys, with_key)
    if {udi.key for udi in after} != {udi.key for udi in standbys} and after:
        labels = ", ".join(member.label for member in after)
        message = f"{instance_name(row)} connected, configured with standbys {labels}"
        say(unit, EventKind.INSTANCE_CONNECTED_STANDBYS, row, message)
    set_standbys(unit, row, after)
    if body.udi.key == active.key:
        row.key_hash, row.token_id, row.export_allowed = key.key_hash, token.id, token.export_controlled
        row.hostname, row.product_tag, row.software_version = body.hostname, body.product_tag, body.software_version
    row.last_contact, row.state = unit.now, InstanceState.ACTIVE


def _supersede(unit: Unit, row: Instance, udi: Udi) -> None:
    """Replace the keys of a unit by another one; the old keys keep the name and the right that the unit had."""
    right = ("token_id", "export_allowed") if udi.key == row.udi_key else ()  # the right of a set is its active unit's
    described = {name: getattr(row, name) for name in ("hostname", "product_tag", "software_version", *right)}
    for old in live_keys(unit, row):
        if old.member == udi.key:
            old.superseded, old.described = True, described
    if not same_hardware(unit, row):
        row.marks = []  # another machine has this identity, with a key of its own


def _add(unit: Unit, token: Token, body: RegisterBody, key: PublicKey) -> tuple[Instance, DeviceKey]:
    row = Instance(
        account_id=token.account_id,
        id=new_id(),
        virtual_account_id=token.virtual_account_id,
        udi=body.udi.to_dict(),
        udi_key=body.udi.key,
        hostname=body.hostname,
        product_tag=body.product_tag,
        software_version=body.software_version,
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
    set_standbys(unit, row, standbys_after(body.udi, (), body.udi, body.standbys, ()))
    of = _key_row(row, key, body.udi)
    unit.session.add_all([row, of])
    kind = EventKind.INSTANCE_ADDED_STANDBYS if body.standbys else EventKind.INSTANCE_ADDED
    standbys = f" with standbys {', '.join(member.label for member in body.standbys)}" if body.standbys else ""
    name = unit.session.get_one(VirtualAccount, (row.account_id, row.virtual_account_id)).name
    say(unit, kind, row, f"product instance {instance_name(row)} added to {name}{standbys}")
    return row, of


def _key_row(row: Instance, key: PublicKey, udi: Udi) -> DeviceKey:
    return DeviceKey(
        account_id=row.account_id,
        key_id=key.key_id,
        instance_id=row.id,
        public=key.to_dict(),
        superseded=False,
        last_counter=0,
        issue=0,
        member=udi.key,
        resumed=0,
    )


def revive_key(unit: Unit, key: DeviceKey) -> None:
    """The old key is used again: two machines become two instances, each counted, until a person decides (row S4.1)."""
    old = unit.session.get_one(Instance, (key.account_id, key.instance_id))
    udi = units_of(old).find(key.member) or Udi.from_dict(old.udi)
    values = {column.key: getattr(old, column.key) for column in Instance.__table__.columns if column.computed is None}
    values |= {
        "id": new_id(),
        "udi": udi.to_dict(),
        "udi_key": udi.key,
        "standbys": [],
        "key_hash": PublicKey.from_dict(key.public).key_hash,
        "marks": sorted({*old.marks, "clone"}),
        "token_id": None,  # the right of the other machine is not this one's
        "detached_until": None,
        "detached_term": None,
        "export_allowed": False,
        **(key.described or {}),
    }
    separate = Instance(**values)
    old.marks = sorted({*old.marks, "clone"})
    unit.session.add(separate)
    key.instance_id, key.superseded, key.described = separate.id, False, None
    for row in (old, separate):  # each event names its own machine only
        message = f"two machines show the identity of {udi.label}; this one is {instance_name(row)}"
        say(unit, EventKind.INSTANCE_CLONE, row, message)
    unit.session.flush()  # the request processor asks for the instance at once


def note_restored(unit: Unit, key: DeviceKey, resumed: int) -> bool:
    """Mark a device that continued above the number named to it (docs/format/devices.md); True if it counts as a clone."""
    row = unit.session.get_one(Instance, (key.account_id, key.instance_id))
    if resumed <= key.resumed:
        return False  # the same message again
    clone = is_clone(key.restored_at, unit.now)
    key.resumed, key.restored_at = resumed, unit.now
    row.marks = sorted({*row.marks, "clone" if clone else "restored"})
    if clone:
        message = f"{instance_name(row)} used old numbers twice within {AUTHORIZATION_RENEWAL.days} days: two machines have its key"
    else:
        message = f"{instance_name(row)} used an old number: it was restored from an older copy"
    say(unit, EventKind.INSTANCE_CLONE if clone else EventKind.INSTANCE_RESTORED, row, message)
    return clone


def end_restored_marks(unit: Unit) -> int:
    """Clear the mark *restored* after a renewal interval; returns the number of devices."""
    query = select(DeviceKey).where(DeviceKey.restored_at <= unit.licence_now - AUTHORIZATION_RENEWAL)
    rows = list(unit.session.scalars(query))
    for key in rows:
        key.restored_at = None
        row = unit.session.get(Instance, (key.account_id, key.instance_id))
        if row is not None:
            row.marks = [mark for mark in row.marks if mark != "restored"]
    return len(rows)


def issue_certificate(unit: Unit, keyring: KeyRing, row: Instance, key: DeviceKey) -> bytes:
    """A new identity certificate for a device's key."""
    key.issue += 1
    der = issue_device_certificate(
        PublicKey.from_dict(key.public),
        row.id,
        units_of(row).find(key.member) or Udi.from_dict(row.udi),
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
