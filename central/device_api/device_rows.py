"""What a group of messages needs of its devices, read in two statements for all of them; answers and contacts are written in two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, bindparam, exists, or_, select, update

from central.domain.export_control.models import ExportRequestRecord, GrantRecord, ReleaseNotice
from central.domain.instances.detached import is_detached
from central.domain.instances.models import DeviceKey, Instance
from central.domain.ledger.models import Claim
from exchange.device.backend import KnownDevice
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.vocabulary import InstanceState
from serverkit.db.unit import Unit
from serverkit.locks import for_change

_KEYS: Table = DeviceKey.__table__  # type: ignore[assignment]  # a mapped class has a table
_INSTANCES: Table = Instance.__table__  # type: ignore[assignment]  # a mapped class has a table

_RESTRICTED = or_(
    *(
        exists().where(table.account_id == Instance.account_id, table.instance_id == Instance.id)
        for table in (GrantRecord, ExportRequestRecord, ReleaseNotice)
    )
)
_DEVICES = for_change(
    select(
        DeviceKey.account_id,
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
        Instance.state,
        Instance.certificate_expires,
        Instance.last_contact,
        Instance.detached_until,
        _RESTRICTED.label("has_restricted"),
    )
    .join(Instance, (Instance.account_id == DeviceKey.account_id) & (Instance.id == DeviceKey.instance_id))
    .where(DeviceKey.key_id.in_(bindparam("key_ids", expanding=True))),
    of=DeviceKey,
)
_USES = select(Claim.instance_id, Claim.tag, Claim.count).where(
    Claim.account_id.in_(bindparam("account_ids", expanding=True)),
    Claim.instance_id.in_(bindparam("instance_ids", expanding=True)),
)
_ANSWER = select(_KEYS.c.last_answer).where(_KEYS.c.key_id == bindparam("of"))
_REMEMBER = (
    update(_KEYS)
    .where(_KEYS.c.key_id == bindparam("of"))
    .values(last_counter=bindparam("counter"), last_digest=bindparam("digest"), last_answer=bindparam("answer"))
)
_CONTACT = (
    update(_INSTANCES)
    .where(_INSTANCES.c.account_id == bindparam("account"), _INSTANCES.c.id == bindparam("of"))
    .values(last_contact=bindparam("at"), state=InstanceState.ACTIVE.value)
)


@dataclass(slots=True)
class DeviceRow:
    """What a group needs of one device: the columns of its key and instance, and what it uses."""

    columns: Any
    key: PublicKey
    uses: dict[str, int] = field(default_factory=dict)


class DeviceRows:
    """The devices of one group; what one message may have changed is read again for the next."""

    def __init__(self, unit: Unit, keys: Iterable[PublicKey]) -> None:
        """`keys` are those of the group's messages."""
        self._unit = unit
        self._keys = {key.key_id: key for key in keys}
        self._rows: dict[str, DeviceRow | None] = {}
        self._answers: dict[str, dict[str, object]] = {}
        self._contacts: dict[str, dict[str, object]] = {}
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
            accounts = {device.columns.account_id for devices in by_instance.values() for device in devices}
            named = {"account_ids": sorted(accounts), "instance_ids": list(by_instance)}
            for instance, tag, count in connection.execute(_USES, named):
                for device in by_instance[instance]:
                    device.uses[tag] = count

    def get(self, key_id: str) -> DeviceRow | None:
        """The row of a key; None for one that no device has."""
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
            detached=is_detached(row, self._unit.licence_now),
        )

    def forget(self, key_id: str) -> None:
        """A message with this key was settled by a use case: any device may have changed, and the key have come to be known."""
        self._rows = {of: None for of, device in self._rows.items() if device is None and of != key_id}

    def remember(self, key_id: str, counter: int, digest: str, answer: bytes) -> None:
        """Hold an answer until the group's end."""
        self._answers[key_id] = {"of": key_id, "counter": counter, "digest": digest, "answer": answer.decode()}

    def contact(self, key_id: str) -> None:
        """Hold the contact of a device until the group's end."""
        device = self._rows[key_id]
        if device is not None:
            row = device.columns
            self._contacts[row.instance_id] = {"account": row.account_id, "of": row.instance_id, "at": self._unit.now}

    def write(self) -> None:
        """Write what is held."""
        connection = self._unit.session.connection()
        if self._contacts:
            connection.execute(_CONTACT, list(self._contacts.values()))
            self._contacts.clear()
        if self._answers:
            self._unit.session.flush()  # a key that was just made is there to be updated
            connection.execute(_REMEMBER, list(self._answers.values()))
            self._answers.clear()
