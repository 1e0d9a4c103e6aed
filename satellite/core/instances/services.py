"""Registers, renews, moves and removes devices (rows S3.2, S4.1, S4.3, C7.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from exchange.certificate_issuing import issue_device_certificate
from exchange.certificates import certificate_times
from exchange.device.backend import DeviceRefusal
from exchange.device.bodies import RegisterBody
from exchange.device.rules import RegistrationVerdict, judge_registration, standbys_after, uses_token
from exchange.device.timers import CERTIFICATE
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey
from exchange.vocabulary import InstanceState
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts.models import VirtualAccount
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import SITE, EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.moving import move_restricted
from satellite.core.export_queue.withdrawing import withdraw_all
from satellite.core.instances.models import DeviceKey, Instance, Standby
from satellite.core.instances.queries import (
    instance_name,
    known_unit,
    members_of,
    placed_name,
    same_hardware,
    units_of,
)
from satellite.core.instances.rules import added_event, standby_rows
from satellite.core.licences.queries import titles
from satellite.core.licences.services import claims_of, replace_claims
from satellite.core.site.models import Site
from satellite.core.site.queries import SiteRow, refuses_for_agreement
from satellite.core.tokens.models import Token
from serverkit.db.unit import Unit
from serverkit.db.upsert import insert_rows
from serverkit.ids import new_id
from serverkit.licence_texts import freed_text, token_text
from serverkit.locks import for_change

FORMER_NAMES = 64
# Members of an instance in the answer to a registration.
ANSWERED = ("id", "virtual_account_id", "certificate_expires", "export_allowed")


def find_key(unit: Unit, key_id: str) -> DeviceKey | None:
    """A device's key by its id, locked for the unit."""
    return unit.session.scalars(for_change(select(DeviceKey).where(DeviceKey.key_id == key_id))).one_or_none()


def touch(unit: Unit, row: Instance) -> None:
    """Note a contact."""
    row.last_contact, row.state = unit.now, InstanceState.ACTIVE
    row.change_no = next_change(unit)


def registered_with(unit: Unit, key: PublicKey) -> str | None:
    """The id of the token that a device registered with, if it is here with this very key."""
    row = find_key(unit, key.key_id)
    instance = unit.session.get(Instance, row.instance_id) if row is not None else None
    return instance.token_id if instance is not None else None


def refuse_unagreed(unit: Unit, site: Site | SiteRow, before: str | None) -> None:
    """Row C1.4: new devices wait for the agreement; a repeated registration, with the token `before`, goes on."""
    if before is None and refuses_for_agreement(unit, site):
        raise DeviceRefusal("agreement_pending")


def register_device(
    unit: Unit, token: Token, body: RegisterBody, key: PublicKey
) -> tuple[Instance, RegistrationVerdict]:
    """Register a device: its key is looked up before its UDI (rows S4.1, C7.6)."""
    mine = find_key(unit, key.key_id)
    if mine is not None:
        known = unit.session.get(Instance, mine.instance_id)
    else:
        known = known_unit(unit, body.udi, token.virtual_account_id)
    if known is not None and known.virtual_account_id != token.virtual_account_id:
        raise DeviceRefusal("other_virtual_account")  # only a person may move a device
    if known is not None and known.detached_until is not None and unit.licence_now < known.detached_until:
        raise DeviceRefusal("detached")  # its units are used elsewhere until then, by a key that was not asked
    live = {row.key_id: row.member for row in live_keys(unit, known)} if known is not None else None
    verdict = judge_registration(live, key.key_id, body.udi.key)
    leads, same_token = known is None or known.udi_key == body.udi.key, known is not None and known.token_id == token.id
    used = uses_token(verdict, leads=leads, same_token=same_token)
    if used:
        token.uses, token.change_no = token.uses + 1, next_change(unit)
    if known is None:
        return _add(unit, token, body, key), verdict
    if verdict is RegistrationVerdict.TAKE_OVER:
        _supersede(unit, known, body.udi)
        say(unit, EventKind.INSTANCE_TAKEN_OVER, known, f"{instance_name(known)} registered again with a new key")
    elif verdict is RegistrationVerdict.JOIN:
        message = f"{body.udi.label} registered and joined the set of {instance_name(known)}"
        say(unit, EventKind.INSTANCE_CONNECTED_STANDBYS, known, message)
    elif used:
        say(unit, EventKind.INSTANCE_TOKEN, known, token_text(instance_name(known), token.export_controlled))
    if verdict is not RegistrationVerdict.SAME:
        unit.session.add(_key_row(known, key, body.udi))
        unit.session.flush()  # the set is looked at again, and the request processor looks for the key
    _update(unit, known, token, body, key)
    return known, verdict


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
        note_name(row, body.hostname)
        row.hostname, row.product_tag, row.software_version = body.hostname, body.product_tag, body.software_version
    touch(unit, row)


def note_name(row: Instance, hostname: str | None) -> None:
    """Keep the host name that is to be replaced: sentences about the device hold it, and privacy covers it too (row S2.4)."""
    if row.hostname is not None and row.hostname != hostname and row.hostname not in (row.former_names or ()):
        row.former_names = [*(row.former_names or ()), row.hostname][-FORMER_NAMES:]


def _supersede(unit: Unit, row: Instance, udi: Udi) -> None:
    """Replace the keys of a unit by another one; the old keys keep the name and the right that the unit had."""
    right = ("token_id", "export_allowed") if udi.key == row.udi_key else ()  # the right of a set is its active unit's
    described = {name: getattr(row, name) for name in ("hostname", "product_tag", "software_version", *right)}
    for old in live_keys(unit, row):
        if old.member == udi.key:
            old.superseded, old.described = True, described
    if not same_hardware(unit, row):
        row.marks = []  # another machine has this identity, with a key of its own


def _add(unit: Unit, token: Token, body: RegisterBody, key: PublicKey) -> Instance:
    values = new_instance(unit, token.virtual_account_id, token.id, body, key, export_allowed=token.export_controlled)
    row = Instance(**values, change_no=next_change(unit))
    unit.session.add(row)
    unit.session.add(_key_row(row, key, body.udi))
    insert_rows(unit.session, Standby, standby_rows(row.id, members_of(row)[1:]))
    va = unit.session.get_one(VirtualAccount, token.virtual_account_id)
    kind, message, _ = added_event(values, body, va.name)
    say(unit, kind, row, message)
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
        "standbys": [udi.to_dict() for udi in standbys_after(body.udi, (), body.udi, body.standbys, ())],
        "marks": [],
        "removed": False,
    }


def _key_row(row: Instance, key: PublicKey, udi: Udi) -> DeviceKey:
    return DeviceKey(
        key_id=key.key_id,
        instance_id=row.id,
        public=key.to_dict(),
        superseded=False,
        last_counter=0,
        issue=0,
        member=udi.key,
        resumed=0,
    )


def say(unit: Unit, kind: EventKind, row: Instance, message: str, virtual_account_id: str | None = None) -> None:
    """Write an event of an instance, told from the others by its identity; in the log of `virtual_account_id`, else of its own."""
    subject = {"instance": row.id, "pid": row.udi["pid"], "serial": row.udi["serial"]}
    va = virtual_account_id or row.virtual_account_id
    record(unit, kind, message, subject=subject, instance_id=row.id, virtual_account_id=va)


def issue_certificate(unit: Unit, ca_key: PrivateKey, ca: bytes, epoch: int, row: Instance, key: DeviceKey) -> bytes:
    """A new identity certificate for a device's key."""
    key.issue += 1
    public = PublicKey.from_dict(key.public)
    udi = units_of(row).find(key.member) or Udi.from_dict(row.udi)
    der = issue_device_certificate(public, row.id, udi, ca_key, ca, unit.now, epoch=epoch, issue=key.issue)
    row.certificate_expires = certificate_times(der)[1]
    row.change_no = next_change(unit)
    return der


def end_clones(unit: Unit, row: Instance) -> None:
    """After an instance is removed: if only one other has its identity, that one is no longer a clone."""
    others = same_hardware(unit, row)
    if len(others) == 1:
        other = unit.session.get_one(Instance, others[0])
        other.marks, other.change_no = [mark for mark in other.marks if mark != "clone"], next_change(unit)


def remove_instance(unit: Unit, row: Instance, *, silent: bool = False) -> None:
    """Remove an instance, by a person's decision or because of its silence."""
    if silent:
        take_off(unit, row, "removed after a year of silence", EventKind.INSTANCE_REMOVED_SILENT)
    else:
        take_off(unit, row, "removed")
    unit.touched.add(SITE)


def take_off(unit: Unit, row: Instance, how: str, kind: EventKind = EventKind.INSTANCE_REMOVED) -> None:
    """Remove an instance; its ordinary licences are free at once, granted ones when they are returned."""
    require(unit, Permission.INSTANCE_MANAGE)
    freed = claims_of(unit, row.id)
    replace_claims(unit, row.id, row.virtual_account_id, {})
    withdraw_all(unit, row.id)
    end_clones(unit, row)
    set_standbys(unit, row, ())
    unit.session.execute(
        delete(DeviceKey).where(DeviceKey.instance_id == row.id), execution_options={"synchronize_session": "fetch"}
    )
    row.removed, row.state, row.change_no = True, InstanceState.REMOVED, next_change(unit)
    say(
        unit,
        kind,
        row,
        f"product instance {placed_name(unit, row)} {how}{freed_text(freed, titles(unit, freed))}",
    )


def transfer_instance(unit: Unit, row: Instance, target: VirtualAccount) -> Instance:
    """Move an instance with what it uses to another virtual account of this satellite."""
    require(unit, Permission.INSTANCE_MANAGE)
    if target.id != row.virtual_account_id:
        used = claims_of(unit, row.id)
        source = unit.session.get_one(VirtualAccount, row.virtual_account_id)
        row.virtual_account_id, row.change_no = target.id, next_change(unit)
        replace_claims(unit, row.id, target.id, used)
        move_restricted(unit, row.id, target.id)
        message = f"product instance {instance_name(row)} transferred from {source.name} to {target.name}"
        for each in (source.id, target.id):  # recorded in both logs
            say(unit, EventKind.INSTANCE_TRANSFERRED, row, message, each)
    return row


def live_keys(unit: Unit, row: Instance) -> list[DeviceKey]:
    """The keys of an instance that are in force, one or more for each unit that registered."""
    query = select(DeviceKey).where(DeviceKey.instance_id == row.id, DeviceKey.superseded.is_(False))
    return list(unit.session.scalars(query.order_by(DeviceKey.key_id)))


def set_standbys(unit: Unit, row: Instance, units: Sequence[Udi]) -> None:
    """Write the standbys of an instance where it shows them and where they are found."""
    if row.standbys:
        unit.session.execute(
            delete(Standby).where(Standby.instance_id == row.id), execution_options={"synchronize_session": False}
        )
    row.standbys = [udi.to_dict() for udi in units]
    insert_rows(unit.session, Standby, standby_rows(row.id, units))
