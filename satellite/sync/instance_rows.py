"""The instances of a request, each with the keys of its units (row S2.3)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from exchange.canonical import encode
from exchange.files.packing import InstanceText
from exchange.identity import Udi
from exchange.keys import KEY_ID_DIGITS
from exchange.vocabulary import PrivacyField
from satellite.core.instances.models import DeviceKey, Instance
from satellite.sync.privacy import PrivacyFilter
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches

_STANDBYS = 16  # where the standbys stand among the columns of `instances_since`


def stored(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """A column as the database holds it: JSON and times are not read only to be written again."""
    return type_coerce(column, Text)


def may_leave(released: Sequence[str]) -> list[ColumnElement[bool]]:
    """Whether a file may speak of an instance: it is in no virtual account that was released, or gone."""
    return [or_(Instance.removed, Instance.virtual_account_id.not_in(released))] if released else []


def instances_since(after: int, released: Sequence[str] = (), *, full: bool) -> Select[Any]:
    """Instances by their change, each once, with the key that speaks for it."""
    # A set has a key for each unit that registered: only the one that speaks for it stands in the row itself.
    current = (
        (DeviceKey.key_id == func.substr(Instance.key_hash, 1, KEY_ID_DIGITS))
        & (DeviceKey.instance_id == Instance.id)
        & DeviceKey.superseded.is_(False)
    )
    query = select(
        Instance.id,
        Instance.hostname,
        stored(Instance.udi),
        Instance.product_tag,
        Instance.software_version,
        Instance.ip_address,
        Instance.notes,
        Instance.virtual_account_id,
        stored(Instance.registered_at),
        stored(Instance.last_contact),
        stored(Instance.certificate_expires),
        Instance.state,
        Instance.export_allowed,
        Instance.key_hash,
        stored(DeviceKey.public),
        Instance.token_id,
        stored(Instance.standbys),
        stored(Instance.marks),
        Instance.removed,
        stored(Instance.detached_until),
        Instance.detached_term,
    )
    query = query.outerjoin(DeviceKey, current).order_by(Instance.change_no, Instance.id)
    query = query.where(*may_leave(released))
    if full:
        return query  # removed ones too: a central that was restored believes that they exist
    return query.where(Instance.change_no > after)


def _keys_of_sets(unit: Unit, sets: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The keys in force of those instances, by instance and unit (`Udi.key`)."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for piece in batches(sets):
        query = select(DeviceKey.instance_id, DeviceKey.member, DeviceKey.public)
        query = query.where(DeviceKey.instance_id.in_(piece), DeviceKey.superseded.is_(False))
        for of, member, public in unit.session.execute(query.order_by(DeviceKey.key_id)):
            found[of][member] = public
    return found


def _keys_beside(standbys: list[Any], keys: Mapping[str, dict[str, Any]]) -> str | None:
    """The keys of standbys in their order, as JSON; None where none has one."""
    beside = [keys.get(Udi.from_dict(each).key) for each in standbys]
    return json.dumps(beside) if any(beside) else None


def instance_texts(unit: Unit, privacy: PrivacyFilter, piece: Sequence[Any]) -> list[InstanceText]:
    """What a piece of the rows of `instances_since` says, as far as it may leave."""
    keys = _keys_of_sets(unit, [row[0] for row in piece if row[_STANDBYS] != "[]"])
    return [_instance(privacy, row, keys.get(row[0], {})) for row in piece]


def _instance(privacy: PrivacyFilter, row: tuple[Any, ...], keys: Mapping[str, dict[str, Any]]) -> InstanceText:
    (of, hostname, udi, product, version, address, notes, virtual_account, registered, contact, expires) = row[:11]
    (state, allowed, key_hash, public, token, standbys, marks, removed, detached_until, term) = row[11:]
    units = json.loads(standbys) if standbys != "[]" else []
    return InstanceText(
        of,
        privacy.text(PrivacyField.HOSTNAME, hostname),
        _udi(privacy, udi),
        product,
        version,
        privacy.text(PrivacyField.IP_ADDRESS, address),
        privacy.text(PrivacyField.NOTES, notes),
        virtual_account,
        registered,
        contact,
        expires,
        state,
        allowed,
        key_hash,
        public,
        token,
        f"[{','.join(_udi(privacy, each) for each in units)}]",
        marks,
        removed,
        _keys_beside(units, keys),
        detached_until,
        term,
    )


def _udi(privacy: PrivacyFilter, stored: str | dict[str, Any]) -> str:
    if isinstance(stored, str) and "mac_address" not in stored:
        return stored
    udi = Udi.from_dict(json.loads(stored) if isinstance(stored, str) else stored)
    return encode(privacy.udi(udi).to_dict()).decode()
