"""Registrations of devices that no one knows yet: looked up for the whole group at once, and written at once.

Whatever else a registration can be (a repetition, a take-over, a refusal) takes the full path, one statement after the
other; so does a device that comes twice in a group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, insert, select

from exchange.canonical import JsonObject
from exchange.certificate_issuing import issue_device_certificate
from exchange.certificates import certificate_times
from exchange.device.bodies import RegisterBody, RegisterResult
from exchange.device.message_handling import DeviceMessage
from exchange.device.timers import CERTIFICATE_RENEWAL
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey
from exchange.vocabulary import DeviceOp
from satellite.core.base import next_numbers
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.models import Event
from satellite.core.event_log.services import event_row, record
from satellite.core.instances.models import DeviceKey, Instance, Standby
from satellite.core.instances.queries import shown_whatever_uuid
from satellite.core.instances.rules import added_event
from satellite.core.instances.services import new_instance
from satellite.core.site.queries import SiteRow
from satellite.core.tokens.models import Token
from satellite.core.tokens.services import refused_because
from satellite.device_api.applied_lines import PoolUse
from serverkit.db.unit import Unit
from serverkit.locks import for_change
from serverkit.secrets_box import hash_shown

_KEYS: Table = DeviceKey.__table__  # type: ignore[assignment]  # a mapped class has a table
_INSTANCES: Table = Instance.__table__  # type: ignore[assignment]  # a mapped class has a table
_STANDBYS: Table = Standby.__table__  # type: ignore[assignment]  # a mapped class has a table
_EVENTS: Table = Event.__table__  # type: ignore[assignment]  # a mapped class has a table

_KNOWN_UDIS = select(_INSTANCES.c.udi_key).where(
    _INSTANCES.c.removed.is_(False), _INSTANCES.c.udi_key.in_(bindparam("udis", expanding=True))
)
_KNOWN_STANDBYS = select(_STANDBYS.c.udi_key).where(_STANDBYS.c.udi_key.in_(bindparam("udis", expanding=True)))
_KNOWN_KEYS = select(_KEYS.c.key_id).where(_KEYS.c.key_id.in_(bindparam("key_ids", expanding=True)))
_ADD_INSTANCES, _ADD_KEYS, _ADD_EVENTS = insert(_INSTANCES), insert(_KEYS), insert(_EVENTS)
_TOKEN = for_change(select(Token).where(Token.hash == bindparam("of")))


@dataclass(frozen=True, slots=True)
class Authority:
    """Who certifies devices here."""

    key: PrivateKey
    certificate: bytes
    epoch: int


def note_refused_token(unit: Unit, of: Token | None, cause: str, udi: Udi | None) -> None:
    """Record that a token was refused, with the exact cause."""
    subject = {"cause": cause, "device": udi.label if udi else "", "token": of.id if of else None}
    message = f"registration refused: token {cause.replace('_', ' ')}"
    va = of.virtual_account_id if of else None
    record(unit, EventKind.TOKEN_REFUSED, message, subject=subject, virtual_account_id=va)


def registered(site: SiteRow, pool_use: PoolUse, values: Mapping[str, Any], certificate: bytes) -> JsonObject:
    """What a device is told of its registration; `values` are those columns of its instance that `ANSWERED` names."""
    va = values["virtual_account_id"]
    return RegisterResult(
        instance=values["id"],
        certificate=certificate,
        device_ca=site.device_ca_certificate or b"",
        account_domain=site.account_domain or "",
        account_name=site.account_name or "",
        virtual_account_id=va,
        virtual_account_name=pool_use.virtual_account_name(va),
        certificate_expires=values["certificate_expires"],
        renew_from=pool_use.now + CERTIFICATE_RENEWAL,
        export_allowed=values["export_allowed"],
    ).to_dict()


@dataclass(slots=True)
class _Pending:
    """A new device whose answer is not made yet."""

    token: Token
    instance: dict[str, Any]
    event: dict[str, Any]
    key: dict[str, Any]
    public: PublicKey


class BatchRegistrations:
    """New devices of one group; held until `write`."""

    def __init__(
        self,
        unit: Unit,
        authority: Authority,
        group: Sequence[DeviceMessage],
        *,
        name_of: Callable[[str], str],
        closed: bool,
    ) -> None:
        """`group` holds all messages; only what they bring is looked up. `closed`: nothing new is registered.

        `name_of` is the name of a virtual account by its id.
        """
        self._name_of = name_of
        self._unit = unit
        self._closed = closed
        self._authority = authority
        self._instances: list[dict[str, Any]] = []
        self._keys: list[dict[str, Any]] = []
        self._pending: _Pending | None = None
        self._events: list[dict[str, Any]] = []
        self._tokens: dict[str, Token | None] = {}
        self._used: dict[str, Token] = {}
        mine = [message for message in group if message.request.op is DeviceOp.REGISTER]
        self._taken: set[str] = set()
        self._with_uuid: set[str] = set()
        self._looked_at: set[str] = set()
        if mine:
            connection = unit.session.connection()
            key_ids = {each.key.key_id for each in mine}
            # One that says no UUID may be a machine that shows one here.
            udis = {key for each in mine for key in (each.request.udi.key, each.request.udi.plain_key)}
            self._looked_at = udis | key_ids
            self._taken.update(connection.scalars(_KNOWN_UDIS, {"udis": sorted(udis)}))
            self._taken.update(connection.scalars(_KNOWN_STANDBYS, {"udis": sorted(udis)}))
            self._taken.update(connection.scalars(_KNOWN_KEYS, {"key_ids": sorted(key_ids)}))
            without_uuid = {each.request.udi.plain_key for each in mine if each.request.udi.uuid is None}
            self._with_uuid.update(shown_whatever_uuid(unit, without_uuid))

    def is_new(self, udi: Udi, key: PublicKey) -> bool:
        """Whether neither device nor key were known when the group began, or came to be known since."""
        mine = {udi.key, udi.plain_key, key.key_id}
        return mine <= self._looked_at and not mine & self._taken and udi.plain_key not in self._with_uuid

    def forget(self, udi: Udi, key: PublicKey, *others: Udi) -> None:
        """This device and its set are known from now on: they take the full path for the rest of this group."""
        self._taken |= {udi.key, key.key_id, *(other.key for other in others)}
        self._with_uuid |= {udi.plain_key for udi in (udi, *others) if udi.uuid is not None}

    def token(self, secret: str) -> Token | None:
        """A token that registers one more device, its row locked; None where the full path has to say why not."""
        name = hash_shown(secret)
        if name not in self._tokens:
            self._tokens[name] = self._unit.session.scalars(_TOKEN, {"of": name}).one_or_none()
        token = self._tokens[name]
        if self._closed:
            return None
        return None if refused_because(self._unit, token) else token

    def register_new(self, token: Token, body: RegisterBody, key: PublicKey) -> tuple[dict[str, Any], bytes]:
        """Hold a new instance; returns its columns and its certificate."""
        values = new_instance(
            self._unit, token.virtual_account_id, token.id, body, key, export_allowed=token.export_controlled
        )
        who = self._authority
        certificate = issue_device_certificate(
            key, values["id"], body.udi, who.key, who.certificate, self._unit.now, epoch=who.epoch, issue=1
        )
        values["certificate_expires"] = certificate_times(certificate)[1]
        kind, message, subject = added_event(values, body, self._name_of(token.virtual_account_id))
        event = event_row(self._unit, kind, message, subject)
        event |= {"instance_id": values["id"], "virtual_account_id": token.virtual_account_id}
        key_row = {
            "key_id": key.key_id,
            "instance_id": values["id"],
            "public": key.to_dict(),
            "superseded": False,
            "issue": 1,
            "member": body.udi.key,
            "described": None,
            "resumed": 0,
            "restored_at": None,
        }
        self._pending = _Pending(token, values, event, key_row, key)
        return values, certificate

    def holds(self, key_id: str) -> bool:
        """Whether a key was enrolled and is not written yet."""
        return any(row["key_id"] == key_id for row in self._keys)

    def remember(self, counter: int, digest: str, answer: bytes) -> None:
        """The answer of the device that was enrolled last is made: only now it counts."""
        pending = self._pending
        if pending is None:
            return
        self._pending = None
        pending.key |= {"last_counter": counter, "last_digest": digest, "last_answer": answer.decode()}
        pending.token.uses += 1
        self._used[pending.token.id] = pending.token
        self._instances.append(pending.instance)
        self._events.append(pending.event)
        self._keys.append(pending.key)
        self.forget(Udi.from_dict(pending.instance["udi"]), pending.public)

    def write(self) -> None:
        """Write what is held."""
        if not self._instances:
            return
        number = next_numbers(self._unit, "change", len(self._instances) + len(self._events) + len(self._used))
        for row in self._instances:
            row["change_no"], number = number, number + 1
        for row in self._events:
            row["number"], number = number, number + 1
        for token in self._used.values():
            token.change_no, number = number, number + 1
        connection = self._unit.session.connection()
        connection.execute(_ADD_INSTANCES, self._instances)
        connection.execute(_ADD_KEYS, self._keys)
        connection.execute(_ADD_EVENTS, self._events)
        self._unit.session.flush()
        self._instances, self._keys, self._events, self._used = [], [], [], {}
