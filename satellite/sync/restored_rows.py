"""Restoring what this satellite lost when it was restored from an older copy (row S2.6).

Only what is missing is taken: a device, token or claim that is here stays as it is here; a set that is here gets the
units and keys that it lacks. A device whose term runs by central's word, and did not end here, is detached here too and uses what
it was detached with; a machine that took its identity over in the meantime is another instance. A device that comes back may continue with any number, for its last one is forgotten. A device that registered again here,
because it was forgotten, stays one: the older record of it is removed.
"""

from __future__ import annotations

from sqlalchemy import select

from exchange.device.detaching import with_given_back
from exchange.device.rules import fitting
from exchange.files.rows import ClaimRow, InstanceRow, ResponseRow, TokenRow
from exchange.identity import Udi
from exchange.keys import KEY_ID_DIGITS, PublicKey
from exchange.vocabulary import InstanceState
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.export_queue.moving import follow_key
from satellite.core.instances.clones import revive_key
from satellite.core.instances.models import DeviceKey, Instance, Standby
from satellite.core.instances.queries import instance_name, members_of
from satellite.core.instances.rules import standby_rows
from satellite.core.instances.services import live_keys, say, set_standbys
from satellite.core.instances.standby_sets import change_active
from satellite.core.licences.models import Claim
from satellite.core.licences.services import claims_of, replace_claims
from satellite.core.tokens.models import Token
from serverkit.db.unit import Unit
from serverkit.db.upsert import insert_rows


class Returning:
    """The rows of one file that central kept for this site, in their order: tokens, instances, claims."""

    def __init__(self, unit: Unit, *, restored: bool = False) -> None:
        """Begin with nothing taken; `restored` says that this site is known to be an older copy."""
        self._unit = unit
        self._restored = restored
        self._detached: dict[str, str] = {}
        """The instances whose terms came from central, by the id under which central knows them."""

    def take(self, row: ResponseRow) -> bool:
        """Take a row if it is one of these kinds; False for any other."""
        if isinstance(row, TokenRow):
            self._token(row)
        elif isinstance(row, InstanceRow):
            self._instance(row)
        elif isinstance(row, ClaimRow):
            self._claim(row)
        else:
            return False
        return True

    def _token(self, row: TokenRow) -> None:
        unit = self._unit
        if unit.session.get(Token, row.id) is not None:
            return
        unit.session.add(
            Token(
                id=row.id,
                virtual_account_id=row.virtual_account,
                description=row.description or "",
                hash=row.hash,
                secret="",
                created_at=row.created,
                created_by=row.created_by,
                expires_at=row.expires,
                max_uses=row.max_uses,
                uses=row.uses,
                export_controlled=row.export_controlled,
                revoked=row.revoked,
                removed=False,
                change_no=next_change(unit),
            )
        )

    def _instance(self, row: InstanceRow) -> None:
        unit = self._unit
        if row.device_key is None:
            return
        here = unit.session.get(Instance, row.id)
        if here is not None:
            newer = row.last_contact > here.last_contact
            if here.removed and _runs(unit, row) and row.detached_term not in (here.given_back_terms or ()):
                here.removed, here.state = False, row.state  # an older copy of it left, which does not know the term
                complete_set(unit, here, row)
            if not here.removed and (self._restored or newer):
                complete_set(unit, here, row)
            if _runs(unit, row):
                self._detach(here, row)
            elif not here.removed and newer and here.detached_until is not None:
                if unit.licence_now < here.detached_until:  # reattached since this copy was made
                    here.given_back_terms = with_given_back(here.given_back_terms, here.detached_term)
                here.detached_until = here.detached_term = None
            return
        other = _same_machine(unit, row)
        if other is None or (_runs(unit, row) and not _is_its_key(unit, row, other)):
            _bring_back(unit, row)  # beside a machine that shows its identity with another key, while its term runs
            return
        if _runs(unit, row):
            self._detach(other, row)
        # It registered again since: central would count it twice, and hears that the older one is gone.
        unit.session.add(_instance_of(unit, row, removed=True))
        follow_key(unit, row.key_hash, row.id, other.id)
        complete_set(unit, other, row)

    def _detach(self, here: Instance, row: InstanceRow) -> None:
        """The term of a row runs: for `here`, if that is the machine with its key, else for an instance of its own."""
        unit = self._unit
        if here.removed or row.detached_term in (here.detached_term, *(here.given_back_terms or ())):
            return
        if not _is_its_key(unit, row, here):
            here = _set_apart(unit, row, here)
        elif here.detached_term is not None:
            here.marks = sorted({*here.marks, "clone"})  # a copy of it was detached here, which does not know that term
            return
        here.detached_until, here.detached_term, here.change_no = (
            row.detached_until,
            row.detached_term,
            next_change(unit),
        )
        self._detached[row.id] = here.id

    def _claim(self, row: ClaimRow) -> None:
        unit = self._unit
        instance = unit.session.get(Instance, self._detached.get(row.instance, row.instance))
        if instance is None or instance.removed:
            return
        # A claim that was given up here is kept with the count 0: that is knowledge, not forgetting. A device that was
        # detached since this copy was made cannot report its use again: what it was given for its term counts.
        if row.instance not in self._detached and unit.session.get(Claim, (row.instance, row.tag)) is not None:
            return
        virtual_account = instance.virtual_account_id
        replace_claims(unit, instance.id, virtual_account, claims_of(unit, instance.id) | {row.tag: row.count})


def _runs(unit: Unit, row: InstanceRow) -> bool:
    return row.detached_until is not None and unit.licence_now < row.detached_until


def _is_its_key(unit: Unit, row: InstanceRow, here: Instance) -> bool:
    """Whether the key that speaks for a row speaks for `here`."""
    key = unit.session.get(DeviceKey, row.key_hash[:KEY_ID_DIGITS])
    return key is not None and not key.superseded and key.instance_id == here.id


def _set_apart(unit: Unit, row: InstanceRow, here: Instance) -> Instance:
    """An instance of its own for a detached machine, beside the one that took its identity over: each is counted."""
    key = unit.session.get(DeviceKey, row.key_hash[:KEY_ID_DIGITS])
    if key is None and row.device_key is not None:
        key = _key_row(here.id, row.device_key, row.udi)
        key.superseded = True
        unit.session.add(key)
        unit.session.flush()
    if key is None or not key.superseded:
        return here  # it speaks for a third instance already
    revive_key(unit, key)
    return unit.session.get_one(Instance, key.instance_id)


def _same_machine(unit: Unit, row: InstanceRow) -> Instance | None:
    """The instance that the machine of a forgotten one became here since: by its key, or else by its identity."""
    key = unit.session.get(DeviceKey, row.key_hash[:KEY_ID_DIGITS])
    if key is not None:
        found = unit.session.get(Instance, key.instance_id)
        return None if key.superseded or found is None or found.removed else found
    if "clone" in row.marks:
        return None
    query = select(Instance).where(
        Instance.udi_key == row.udi.key,
        Instance.removed.is_(False),
        Instance.virtual_account_id == row.virtual_account,
        Instance.registered_at > row.last_contact,
    )
    return unit.session.scalars(query.order_by(Instance.id)).first()


def _instance_of(unit: Unit, row: InstanceRow, *, removed: bool) -> Instance:
    return Instance(
        id=row.id,
        virtual_account_id=row.virtual_account,
        udi=row.udi.to_dict(),
        udi_key=row.udi.key,
        hostname=row.hostname,
        product_tag=row.product_tag,
        software_version=row.software_version,
        ip_address=row.ip_address,
        notes=row.notes,
        registered_at=row.registered_at,
        last_contact=row.last_contact,
        certificate_expires=row.certificate_expires,
        state=InstanceState.REMOVED if removed else row.state,
        export_allowed=row.export_allowed,
        key_hash=row.key_hash,
        token_id=row.token,
        standbys=[] if removed else [member.to_dict() for member in row.standbys],
        marks=list(row.marks),
        detached_until=None if removed else row.detached_until,
        detached_term=None if removed else row.detached_term,
        removed=removed,
        change_no=next_change(unit),
    )


def _bring_back(unit: Unit, row: InstanceRow) -> None:
    found = _instance_of(unit, row, removed=False)
    unit.session.add(found)
    insert_rows(unit.session, Standby, standby_rows(row.id, row.standbys))
    for key, member in keys_of(row):
        known = unit.session.get(DeviceKey, key.key_id)
        if known is None:
            unit.session.add(_key_row(row.id, key, member))
        elif known.superseded:  # its machine was separated from another one since this copy was made
            follow_key(unit, key.key_hash, known.instance_id, row.id)
            known.instance_id, known.superseded, known.described = row.id, False, None
    say(unit, EventKind.INSTANCE_RETURNED, found, f"product instance {instance_name(found)} came back from central")


def keys_of(row: InstanceRow) -> list[tuple[PublicKey, Udi]]:
    """The keys of a row, each with the unit that registered with it."""
    beside = list(zip(row.standby_keys, row.standbys, strict=False))
    found = [(key, member) for key, member in beside if key is not None]
    if row.device_key is not None and row.device_key not in dict(found):
        found.append((row.device_key, row.udi))
    return found


def complete_set(unit: Unit, here: Instance, row: InstanceRow) -> None:
    """Give an instance the units and keys that central knows of it, and that joined or registered again since this copy was made.

    Where `here` is another instance, which the same machine became since, its own keys are the newer ones.
    """
    known = {udi.key for udi in members_of(here)}
    missing = [udi for udi in (row.udi, *row.standbys) if udi.key not in known]
    if missing:
        # The one that is to be active first: a set that is full takes no further units.
        active, others = (
            [udi for udi in missing if (udi.key == row.udi.key) is is_active] for is_active in (True, False)
        )
        set_standbys(unit, here, fitting((*active, *members_of(here)[1:], *others)))
    fresh = [(key, udi) for key, udi in keys_of(row) if unit.session.get(DeviceKey, key.key_id) is None]
    for key, member in fresh:
        own = [old for old in live_keys(unit, here) if old.member == member.key]
        found = _key_row(here.id, key, member)
        unit.session.add(found)
        if own and here.id != row.id:
            found.superseded = True
        else:
            for old in own:
                old.superseded = True
            if member.key == here.udi_key:
                here.key_hash = key.key_hash
        unit.session.flush()  # the keys are looked at again
    if here.id == row.id and here.udi_key != row.udi.key:
        seen = here.last_contact, here.state
        change_active(unit, here, row.udi)
        here.last_contact, here.state = seen  # this was no contact
    if missing or fresh:
        here.change_no = next_change(unit)
        message = f"units and keys of {instance_name(here)} came back from central"
        say(unit, EventKind.INSTANCE_RETURNED, here, message)


def _key_row(instance_id: str, key: PublicKey, member: Udi) -> DeviceKey:
    return DeviceKey(
        key_id=key.key_id,
        instance_id=instance_id,
        public=key.to_dict(),
        superseded=False,
        last_counter=0,
        issue=1,
        member=member.key,
        resumed=0,
    )
