"""Applying the rows of a request, in the order in which the file holds them, a batch at a time (rows C8.2, C11.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import of_satellite
from central.domain.activity.events import EventKind
from central.domain.activity.services import Happening, record_many
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.services import (
    ACTIVE,
    Applicant,
    adopt_grant,
    decide,
    mark_delivered,
    release,
    take_return,
)
from central.domain.instances.models import Instance
from central.domain.ledger.claims import ClaimSpec, move_claims, release_claims, set_claims
from central.domain.satellites.models import Satellite, SatelliteEvent
from central.domain.tokens.models import Token
from central.intake.instances import move_grants
from central.keyring import KeyRing
from chassis.db.unit import Unit
from chassis.db.upsert import BATCH, batches, upsert
from exchange.errors import ExchangeError, MalformedError
from exchange.files.rows import (
    ClaimRow,
    EventRow,
    ExportRequestRow,
    ExportReturnRow,
    GrantStateRow,
    InstanceRow,
    RequestRow,
    TokenRow,
)
from exchange.statements import open_export_request
from exchange.vocabulary import DeliveryState, ReleaseReason

CLOCK_TOLERANCE = timedelta(hours=1)


@dataclass(slots=True)
class Intake:
    """One request on its way into the database."""

    unit: Unit
    keyring: KeyRing
    account: SmartAccount
    satellite: Satellite
    virtual_accounts: frozenset[str] = field(default_factory=frozenset)
    homes: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    requests: list[ExportRequestRow] = field(default_factory=list)


def apply_rows(
    unit: Unit, keyring: KeyRing, account: SmartAccount, satellite: Satellite, rows: Iterable[RequestRow]
) -> None:
    """Apply every row; ExchangeError for one that no genuine satellite could have written."""
    own = frozenset(row.id for row in of_satellite(unit, account.id, satellite.id))
    intake = Intake(unit, keyring, account, satellite, own)
    waiting: dict[type, list[Any]] = {kind: [] for kind in _APPLY}
    for row in rows:
        of_kind = waiting[type(row)]
        of_kind.append(row)
        if len(of_kind) == BATCH:
            _flush(intake, waiting)
    _flush(intake, waiting)
    # What the same file gives back is free before what it asks for is decided.
    _decide_requests(intake)
    _settle_instances(intake)


def _flush(intake: Intake, waiting: dict[type, list[Any]]) -> None:
    """Apply what has come together, kind by kind: the order among rows of different kinds says nothing."""
    for kind, rows in waiting.items():
        if rows:
            _APPLY[kind](intake, rows)
            rows.clear()


def _own(intake: Intake, virtual_account_id: str) -> str:
    if virtual_account_id not in intake.virtual_accounts:
        raise MalformedError("a row names a virtual account that is not this satellite's")
    return virtual_account_id


def _tokens(intake: Intake, rows: list[TokenRow]) -> None:
    gone = [row.id for row in rows if row.removed]
    intake.unit.session.execute(
        delete(Token).where(
            Token.account_id == intake.account.id, Token.satellite_id == intake.satellite.id, Token.id.in_(gone)
        )
    )
    values = [
        {
            "account_id": intake.account.id,
            "id": row.id,
            "virtual_account_id": _own(intake, row.virtual_account),
            "satellite_id": intake.satellite.id,
            "description": row.description or "",
            "hash": row.hash,
            "secret": "",
            "created_at": row.created,
            "created_by": row.created_by,
            "expires_at": row.expires,
            "max_uses": row.max_uses,
            "uses": row.uses,
            "export_controlled": row.export_controlled,
            "revoked": row.revoked,
        }
        for row in rows
        if not row.removed
    ]
    upsert(intake.unit.session, Token, values)


def _instances(intake: Intake, rows: list[InstanceRow]) -> None:
    unit, account_id = intake.unit, intake.account.id
    added: list[Happening] = []
    query = select(Instance.id, Instance.virtual_account_id, Instance.satellite_id).where(
        Instance.account_id == account_id, Instance.id.in_([row.id for row in rows])
    )
    known = {row[0]: (row[1], row[2]) for row in unit.session.execute(query)}
    if any(owner != intake.satellite.id for _, owner in known.values()):
        raise MalformedError("a row names an instance that is not this satellite's")
    values = []
    for row in rows:
        if row.removed:
            if row.id in known:
                intake.gone.append(row.id)
            continue
        home = _own(intake, row.virtual_account)
        intake.homes[row.id] = home
        if row.id not in known:
            added.append(_added(intake, row))
        elif known[row.id][0] != home:
            intake.moved[row.id] = home
        values.append(_instance_values(intake, row, home))
    upsert(unit.session, Instance, values)
    record_many(unit, account_id, added)


def _instance_values(intake: Intake, row: InstanceRow, home: str) -> dict[str, object]:
    return {
        "account_id": intake.account.id,
        "id": row.id,
        "virtual_account_id": home,
        "satellite_id": intake.satellite.id,
        "udi": row.udi.to_dict(),
        "udi_key": row.udi.key,
        "hostname": row.hostname,
        "product_tag": row.product_tag,
        "software_version": row.software_version,
        "ip_address": row.ip_address,
        "notes": row.notes,
        "registered_at": row.registered_at,
        "last_contact": row.last_contact,
        "certificate_expires": row.certificate_expires,
        "state": row.state.value,
        "export_allowed": row.export_allowed,
        "key_hash": row.key_hash,
        "public_key": row.device_key.to_dict() if row.device_key else None,
        "token_id": row.token,
        "standbys": [member.to_dict() for member in row.standbys],
        "marks": list(row.marks),
    }


def _added(intake: Intake, row: InstanceRow) -> Happening:
    standbys = f" with standbys {', '.join(member.label for member in row.standbys)}" if row.standbys else ""
    return Happening(
        EventKind.INSTANCE_ADDED_VIA_SATELLITE,
        f"product instance {row.hostname or row.udi.label} added via satellite {intake.satellite.name}{standbys}",
        {"instance": row.id, "pid": row.udi.pid, "serial": row.udi.serial},
        virtual_account_id=row.virtual_account,
        instance_id=row.id,
        satellite_id=intake.satellite.id,
    )


def _claims(intake: Intake, rows: list[ClaimRow]) -> None:
    missing = {row.instance for row in rows if row.instance not in intake.homes}
    if missing:
        query = select(Instance.id, Instance.virtual_account_id).where(
            Instance.account_id == intake.account.id,
            Instance.satellite_id == intake.satellite.id,
            Instance.id.in_(missing),
        )
        intake.homes.update(intake.unit.session.execute(query).all())
    specs = [
        ClaimSpec(row.instance, intake.homes[row.instance], row.tag, row.count, row.since)
        for row in rows
        if row.instance in intake.homes
    ]
    set_claims(intake.unit, intake.account.id, specs)


def _settle_instances(intake: Intake) -> None:
    unit, account_id, satellite = intake.unit, intake.account.id, intake.satellite
    move_claims(unit, account_id, intake.moved)
    move_grants(unit, account_id, intake.moved)
    message = f"product instance moved via satellite {satellite.name}"
    for piece in batches(intake.moved):
        record_many(unit, account_id, [_told(intake, EventKind.INSTANCE_TRANSFERRED, message, each) for each in piece])
    message = f"product instance removed via satellite {satellite.name}"
    for piece in batches(dict.fromkeys(intake.gone)):
        release_claims(unit, account_id, piece)
        unit.session.execute(
            delete(Instance).where(Instance.account_id == account_id, Instance.id.in_(piece)),
            execution_options={"synchronize_session": False},
        )
        kind = EventKind.INSTANCE_REMOVED_VIA_SATELLITE
        record_many(unit, account_id, [_told(intake, kind, message, each) for each in piece])


def _told(intake: Intake, kind: EventKind, message: str, instance_id: str) -> Happening:
    home = intake.moved.get(instance_id)
    return Happening(kind, message, virtual_account_id=home, instance_id=instance_id, satellite_id=intake.satellite.id)


def _export_requests(intake: Intake, rows: list[ExportRequestRow]) -> None:
    intake.requests.extend(rows)


def _decide_requests(intake: Intake) -> None:
    unit = intake.unit
    for row in intake.requests:
        instance = unit.session.get(Instance, (intake.account.id, row.instance))
        try:
            statement = open_export_request(row.statement, row.device_key)
        except ExchangeError as error:
            raise MalformedError(f"a request is not signed by its device: {error.message}") from error
        if statement.request != row.id or statement.instance != row.instance:
            raise MalformedError("a request does not say what its device signed")
        if instance is not None and instance.key_hash != row.device_key.key_hash:
            instance = None
        home = instance.virtual_account_id if instance else next(iter(sorted(intake.virtual_accounts)), "")
        applicant = Applicant(intake.account, intake.satellite.id, intake.satellite.epoch, home)
        decide(unit, intake.keyring, applicant, instance, statement, row.device_key)


def _export_returns(intake: Intake, rows: list[ExportReturnRow]) -> None:
    for row in rows:
        try:
            take_return(intake.unit, intake.keyring, intake.account.id, row.statement)
        except ExchangeError as error:
            raise MalformedError(f"a return is not signed by the grant's device: {error.message}") from error


def _grant_states(intake: Intake, rows: list[GrantStateRow]) -> None:
    unit, account_id = intake.unit, intake.account.id
    named = select(GrantRecord).where(
        GrantRecord.account_id == account_id, GrantRecord.id.in_([row.grant for row in rows])
    )
    known = {grant.id: grant for grant in unit.session.scalars(named)}
    for row in rows:
        grant = known.get(row.grant)
        if grant is None:
            if row.envelope is not None:
                adopt_grant(unit, intake.keyring, account_id, row.envelope, row.device_key)
            continue
        if row.state is DeliveryState.DELIVERED:
            mark_delivered(unit, account_id, row.grant, row.generation)
        elif grant.state == ACTIVE and grant.delivered_at is None and _is_past(unit, row.at, grant.deliver_until):
            release(unit, intake.keyring, grant, ReleaseReason.UNDELIVERED)


def _is_past(unit: Unit, said: datetime, end: datetime) -> bool:
    """Whether a satellite may say of an end that it has passed: its word and central's own clock must both say so."""
    return end < said <= unit.now + CLOCK_TOLERANCE and end < unit.licence_now


def _events(intake: Intake, rows: list[EventRow]) -> None:
    unit, account_id = intake.unit, intake.account.id
    ids = [row.id for row in rows]
    query = select(SatelliteEvent.id).where(SatelliteEvent.account_id == account_id, SatelliteEvent.id.in_(ids))
    known = set(unit.session.scalars(query))
    fresh = [row for row in {row.id: row for row in rows}.values() if row.id not in known]
    upsert(unit.session, SatelliteEvent, [{"account_id": account_id, "id": row.id} for row in fresh], keep=True)
    record_many(unit, account_id, [_happening(intake, row) for row in fresh])


def _happening(intake: Intake, row: EventRow) -> Happening:
    return Happening(
        EventKind.SATELLITE_EVENT,
        f"{row.message} (satellite {intake.satellite.name})",
        {**row.subject, "event": row.event, "satellite_event": row.id},
        instance_id=row.instance,
        satellite_id=intake.satellite.id,
        at=row.at,
        actor=row.actor,
    )


_APPLY: Mapping[type, Callable[[Intake, list[Any]], None]] = {
    TokenRow: _tokens,
    InstanceRow: _instances,
    ClaimRow: _claims,
    ExportRequestRow: _export_requests,
    ExportReturnRow: _export_returns,
    GrantStateRow: _grant_states,
    EventRow: _events,
}
