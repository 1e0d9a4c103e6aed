"""Registering, renewing, moving and removing devices (rows S3.2, S4.1, S4.3, C7.6)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from exchange.certificates import certificate_times, issue_device_certificate
from exchange.device.backend import DeviceRefusal, KnownDevice
from exchange.device.bodies import RegisterBody
from exchange.device.rules import RegistrationVerdict, judge_registration
from exchange.device.timers import CERTIFICATE
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey
from exchange.vocabulary import InstanceState
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts.models import VirtualAccount
from satellite.core.activity.events import EventKind
from satellite.core.activity.services import record
from satellite.core.base import next_change
from satellite.core.export_queue.services import holds_restricted, move_restricted
from satellite.core.instances.errors import RestrictedHeldError
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.instances.queries import by_udi, instance_name
from satellite.core.licences.services import claims_of, replace_claims
from satellite.core.site.models import Site
from satellite.core.site.queries import SiteRow, refuses_for_agreement
from satellite.core.tokens.models import Token
from serverkit.db.unit import Unit
from serverkit.ids import new_id

# What the answer to a registration says of an instance.
ANSWERED = ("id", "virtual_account_id", "certificate_expires", "export_allowed")


def find_key(unit: Unit, key_id: str) -> DeviceKey | None:
    """A device's key by its id, locked for the unit."""
    return unit.session.scalars(select(DeviceKey).where(DeviceKey.key_id == key_id).with_for_update()).one_or_none()


def touch(unit: Unit, row: Instance) -> None:
    """Note a contact."""
    row.last_contact, row.state = unit.now, InstanceState.ACTIVE
    row.change_no = next_change(unit)


def registered_with(unit: Unit, udi: Udi, key: PublicKey) -> str | None:
    """The id of the token that a device registered with, if it is here with this very key."""
    known = by_udi(unit, udi)
    return known.token_id if known is not None and known.key_hash == key.key_hash else None


def refuse_unagreed(unit: Unit, site: Site | SiteRow, before: str | None) -> None:
    """Row C1.4: what is new waits for the agreement; who repeats a registration, with the token `before`, goes on."""
    if before is None and refuses_for_agreement(unit, site):
        raise DeviceRefusal("agreement_pending")


def register_device(
    unit: Unit, token: Token, body: RegisterBody, key: PublicKey
) -> tuple[Instance, RegistrationVerdict]:
    """Register a device, or let a new key take its instance over (row S4.1)."""
    known = by_udi(unit, body.udi)
    if known is not None and known.virtual_account_id != token.virtual_account_id:
        raise DeviceRefusal("other_virtual_account")  # only a person moves a device
    verdict = judge_registration(known.key_hash if known else None, key.key_hash)
    if verdict is not RegistrationVerdict.SAME:
        token.uses, token.change_no = token.uses + 1, next_change(unit)
    if known is None:
        return _add(unit, token, body, key), verdict
    if verdict is RegistrationVerdict.TAKE_OVER:
        for old in unit.session.scalars(select(DeviceKey).where(DeviceKey.instance_id == known.id)):
            old.superseded = True
        _say(unit, EventKind.INSTANCE_TAKEN_OVER, known, f"{instance_name(known)} registered again with a new key")
        _add_key(unit, known, key)
    known.key_hash, known.export_allowed = key.key_hash, token.export_controlled
    if body.standbys and [member.to_dict() for member in body.standbys] != known.standbys:
        labels = ", ".join(member.label for member in body.standbys)
        message = f"{instance_name(known)} connected, configured with standbys {labels}"
        _say(unit, EventKind.INSTANCE_CONNECTED_STANDBYS, known, message)
    _describe(known, body)
    touch(unit, known)
    return known, verdict


def _add(unit: Unit, token: Token, body: RegisterBody, key: PublicKey) -> Instance:
    values = new_instance(unit, token.virtual_account_id, token.id, body, key, export_allowed=token.export_controlled)
    row = Instance(**values, change_no=next_change(unit))
    unit.session.add(row)
    _add_key(unit, row, key)
    kind, message, _ = added_event(values, body)
    _say(unit, kind, row, message)
    unit.session.flush()  # the request processor looks the key up again when it keeps the answer
    return row


def new_instance(
    unit: Unit, virtual_account_id: str, token_id: str, body: RegisterBody, key: PublicKey, *, export_allowed: bool
) -> dict[str, Any]:
    """Columns of a new instance, but for its change number."""
    return {
        "id": new_id(),
        "virtual_account_id": virtual_account_id,
        "udi": body.udi.to_dict(),
        "udi_key": body.udi.key,
        "hostname": body.hostname,
        "product_tag": body.product_tag,
        "software_version": body.software_version,
        "ip_address": None,
        "notes": None,
        "registered_at": unit.now,
        "last_contact": unit.now,
        "certificate_expires": unit.now + CERTIFICATE,
        "state": InstanceState.ACTIVE.value,
        "export_allowed": export_allowed,
        "key_hash": key.key_hash,
        "token_id": token_id,
        "standbys": [member.to_dict() for member in body.standbys],
        "marks": [],
        "removed": False,
    }


def added_event(values: dict[str, Any], body: RegisterBody) -> tuple[EventKind, str, dict[str, str]]:
    """Kind, sentence and subject of the event that tells of a new instance."""
    kind = EventKind.INSTANCE_ADDED_STANDBYS if body.standbys else EventKind.INSTANCE_ADDED
    standbys = f" with standbys {', '.join(member.label for member in body.standbys)}" if body.standbys else ""
    name = body.hostname or body.udi.label
    subject = {"instance": values["id"], "pid": body.udi.pid, "serial": body.udi.serial}
    return kind, f"product instance {name} added{standbys}", subject


def _describe(row: Instance, body: RegisterBody) -> None:
    row.hostname, row.product_tag, row.software_version = body.hostname, body.product_tag, body.software_version
    row.standbys = [member.to_dict() for member in body.standbys]


def _add_key(unit: Unit, row: Instance, key: PublicKey) -> None:
    known = find_key(unit, key.key_id)
    if known is not None:
        known.instance_id, known.superseded = row.id, False
        return
    unit.session.add(
        DeviceKey(
            key_id=key.key_id, instance_id=row.id, public=key.to_dict(), superseded=False, last_counter=0, issue=0
        )
    )
    unit.session.flush()  # found again in this unit


def _say(unit: Unit, kind: EventKind, row: Instance, message: str) -> None:
    subject = {"instance": row.id, "pid": row.udi["pid"], "serial": row.udi["serial"]}
    record(unit, kind, message, subject=subject, instance_id=row.id, virtual_account_id=row.virtual_account_id)


def revive_key(unit: Unit, key: DeviceKey) -> None:
    """The old key is heard again: two machines, two instances, each counted, until a person picks (row S4.1)."""
    old = unit.session.get_one(Instance, key.instance_id)
    marks = sorted({*old.marks, "clone"})
    values = {column.key: getattr(old, column.key) for column in Instance.__table__.columns}
    values |= {
        "id": new_id(),
        "key_hash": PublicKey.from_dict(key.public).key_hash,
        "marks": marks,
        "change_no": next_change(unit),
    }
    twin = Instance(**values)
    unit.session.add(twin)
    old.marks, old.change_no = marks, next_change(unit)
    key.instance_id, key.superseded = twin.id, False
    unit.session.flush()  # the request processor asks for the instance at once
    _say(unit, EventKind.INSTANCE_CLONE, twin, f"two machines show the identity of {instance_name(old)}")


def issue_certificate(unit: Unit, ca_key: PrivateKey, ca: bytes, epoch: int, row: Instance, key: DeviceKey) -> bytes:
    """A new identity certificate for a device's key."""
    key.issue += 1
    public = PublicKey.from_dict(key.public)
    der = issue_device_certificate(
        public, row.id, Udi.from_dict(row.udi), ca_key, ca, unit.now, epoch=epoch, issue=key.issue
    )
    row.certificate_expires = certificate_times(der)[1]
    row.change_no = next_change(unit)
    return der


def refuse_holder(unit: Unit, instance_id: str) -> None:
    """Refuse to take an instance off that holds restricted licences."""
    if holds_restricted(unit, instance_id):
        raise RestrictedHeldError


def remove_instance(unit: Unit, row: Instance, how: str = "removed") -> None:
    """Take an instance off; its ordinary licences are free at once, granted ones until they come back."""
    require(unit, Permission.INSTANCE_MANAGE)
    replace_claims(unit, row.id, row.virtual_account_id, {})
    unit.session.execute(
        delete(DeviceKey).where(DeviceKey.instance_id == row.id), execution_options={"synchronize_session": "fetch"}
    )
    row.removed, row.state, row.change_no = True, InstanceState.REMOVED, next_change(unit)
    _say(unit, EventKind.INSTANCE_REMOVED, row, f"product instance {instance_name(row)} {how}")


def transfer_instance(unit: Unit, row: Instance, target: VirtualAccount) -> Instance:
    """Move an instance with what it uses to another virtual account of this satellite."""
    require(unit, Permission.INSTANCE_MANAGE)
    if target.id != row.virtual_account_id:
        used = claims_of(unit, row.id)
        row.virtual_account_id, row.change_no = target.id, next_change(unit)
        replace_claims(unit, row.id, target.id, used)
        move_restricted(unit, row.id, target.id)
        _say(
            unit,
            EventKind.INSTANCE_TRANSFERRED,
            row,
            f"product instance {instance_name(row)} transferred to {target.name}",
        )
    return row


def change_active(unit: Unit, row: Instance, known: KnownDevice, active: Udi) -> None:
    """Another member of the set is the active one; the count does not change (row C7.6)."""
    row.standbys = [udi.to_dict() for udi in known.udis if udi.key != active.key]
    row.udi, row.udi_key = active.to_dict(), active.key
    touch(unit, row)
    _say(unit, EventKind.INSTANCE_ACTIVE_CHANGED, row, f"{active.label} is the active member of {instance_name(row)}")
