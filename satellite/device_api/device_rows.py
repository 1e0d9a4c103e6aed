"""What a group of messages needs of its devices, read in two statements for all of them; contacts written in two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, bindparam, exists, select, update

from exchange.device.backend import KnownDevice
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.vocabulary import InstanceState
from satellite.core.base import next_numbers
from satellite.core.export_queue.models import HeldGrant, QueueEntry
from satellite.core.instances.detached import is_detached
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.licences.models import Claim
from serverkit.db.unit import Unit

_KEYS: Table = DeviceKey.__table__  # type: ignore[assignment]  # a mapped class has a table
_INSTANCES: Table = Instance.__table__  # type: ignore[assignment]  # a mapped class has a table
_CLAIMS: Table = Claim.__table__  # type: ignore[assignment]  # a mapped class has a table

_DEVICES = (
    select(
        DeviceKey.key_id,
        DeviceKey.instance_id,
        DeviceKey.public,
        DeviceKey.superseded,
        DeviceKey.last_counter,
        DeviceKey.last_digest,
        DeviceKey.member,
        Instance.udi,
        Instance.standbys,
        Instance.virtual_account_id,
        Instance.product_tag,
        Instance.hostname,
        Instance.software_version,
        Instance.certificate_expires,
        Instance.last_contact,
        Instance.detached_until,
        exists().where(HeldGrant.instance_id == DeviceKey.instance_id).label("has_grants"),
        exists().where(QueueEntry.instance_id == DeviceKey.instance_id).label("has_exports"),
    )
    .join(Instance, Instance.id == DeviceKey.instance_id)
    .where(Instance.removed.is_(False), DeviceKey.key_id.in_(bindparam("key_ids", expanding=True)))
)
_USES = select(_CLAIMS.c.instance_id, _CLAIMS.c.tag, _CLAIMS.c.count).where(
    _CLAIMS.c.count > 0, _CLAIMS.c.instance_id.in_(bindparam("instance_ids", expanding=True))
)
_ANSWER = select(_KEYS.c.last_answer).where(_KEYS.c.key_id == bindparam("of"))
_PUBLIC = select(_KEYS.c.public).where(_KEYS.c.key_id == bindparam("of"))
_REMEMBER = (
    update(_KEYS)
    .where(_KEYS.c.key_id == bindparam("of"))
    .values(last_counter=bindparam("counter"), last_digest=bindparam("digest"), last_answer=bindparam("answer"))
)
_CONTACT = (
    update(_INSTANCES)
    .where(_INSTANCES.c.id == bindparam("of"))
    .values(last_contact=bindparam("at"), state=InstanceState.ACTIVE.value, change_no=bindparam("number"))
)


@dataclass(slots=True)
class DeviceRow:
    """What a group needs of one device: the columns of its key and instance, and what it uses."""

    columns: Any
    key: PublicKey
    uses: dict[str, int] = field(default_factory=dict)

    @property
    def instance(self) -> str:
        """Its instance."""
        return str(self.columns.instance_id)

    @property
    def has_restricted(self) -> bool:
        """Whether it ever asked for or was given a restricted licence."""
        return bool(self.columns.has_grants or self.columns.has_exports)


def find_public(unit: Unit, key_id: str) -> PublicKey | None:
    """A device's public key by its id; an id names one key forever."""
    data = unit.session.connection().execute(_PUBLIC, {"of": key_id}).scalar()
    return PublicKey.from_dict(data) if data is not None else None


class DeviceRows:
    """The devices of one group; what one message changes is read again for the next."""

    def __init__(self, unit: Unit, keys: Iterable[PublicKey]) -> None:
        """`keys` are those of the group's messages."""
        self._unit = unit
        self._keys = {key.key_id: key for key in keys}
        self._rows: dict[str, DeviceRow | None] = {}
        self._answers: dict[str, dict[str, object]] = {}
        self._contacts: dict[str, None] = {}
        self._read(list(self._keys))

    def _read(self, key_ids: list[str]) -> None:
        connection = self._unit.session.connection()
        self._rows.update(dict.fromkeys(key_ids))
        by_instance: dict[str, list[DeviceRow]] = {}
        for row in connection.execute(_DEVICES, {"key_ids": key_ids}):
            device = DeviceRow(row, self._keys.get(row.key_id) or PublicKey.from_dict(row.public))
            self._rows[row.key_id] = device
            by_instance.setdefault(row.instance_id, []).append(device)
        if by_instance:
            for instance, tag, count in connection.execute(_USES, {"instance_ids": list(by_instance)}):
                for device in by_instance[instance]:
                    device.uses[tag] = count

    def get(self, key_id: str) -> DeviceRow | None:
        """The row of a key; None for one that is not known, or whose instance was removed."""
        if key_id in self._answers:
            self.write()
            self._rows.pop(key_id, None)
        if key_id not in self._rows:
            self._unit.session.flush()
            self._read([key_id])
        return self._rows[key_id]

    def known(self, key_id: str, digest: str) -> KnownDevice | None:
        """What the request processor needs; the stored answer only where it is asked for again."""
        device = self.get(key_id)
        if device is None:
            return None
        row = device.columns
        answer: str | None = None
        if row.last_digest == digest:
            answer = self._unit.session.connection().execute(_ANSWER, {"of": key_id}).scalar()
        return KnownDevice(
            instance=row.instance_id,
            key=device.key,
            udis=(Udi.from_dict(row.udi), *(Udi.from_dict(member) for member in row.standbys)),
            last_counter=row.last_counter,
            last_digest=row.last_digest,
            last_answer=answer.encode() if answer is not None else None,
            superseded=row.superseded,
            member=row.member,
            detached=is_detached(row.detached_until, self._unit.licence_now),
        )

    def forget(self, *instances: str | None) -> None:
        """Something of these instances was changed: read them again when they are next asked for."""
        gone = [key for key, device in self._rows.items() if device is not None and device.instance in instances]
        for key_id in gone:
            del self._rows[key_id]

    def forget_key(self, key_id: str) -> None:
        """A key came to be known, or to belong elsewhere."""
        self._rows.pop(key_id, None)

    def remember(self, key_id: str, counter: int, digest: str, answer: bytes) -> None:
        """Hold an answer until the group's end."""
        self._answers[key_id] = {"of": key_id, "counter": counter, "digest": digest, "answer": answer.decode()}

    def contact(self, instance: str) -> None:
        """Hold a contact until the group's end."""
        self._contacts[instance] = None

    def write(self) -> None:
        """Write what is held."""
        connection = self._unit.session.connection()
        if self._contacts:
            number = next_numbers(self._unit, "change", len(self._contacts))
            at = self._unit.now
            rows = [{"of": of, "at": at, "number": number + step} for step, of in enumerate(self._contacts)]
            connection.execute(_CONTACT, rows)
            self._contacts.clear()
        if self._answers:
            self._unit.session.flush()  # a key that was just made is there to be updated
            connection.execute(_REMEMBER, list(self._answers.values()))
            self._answers.clear()
