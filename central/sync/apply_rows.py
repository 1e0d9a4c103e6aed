"""Applies the rows of a request: writes staged rows, decides the rest (rows C8.2, C11.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import of_satellite
from central.domain.base import next_numbers
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import NewEvent, record_many
from central.domain.export_control.adopting import adopt_grant, adopt_renewal
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.moving import follow_keys, heirs, move_grants, strayed
from central.domain.export_control.renewing import mark_delivered
from central.domain.export_control.services import (
    ACTIVE,
    Applicant,
    decide,
    release,
)
from central.domain.instances.models import Instance, Standby
from central.domain.instances.queries import instance_name
from central.domain.ledger.claims import change_totals, claims_by_instance, move_claims, recount_totals, release_claims
from central.domain.reservations.ending import tell_kept
from central.domain.reservations.queries import forget_registered, note_seen
from central.domain.satellites.models import Satellite
from central.domain.tokens.models import Token
from central.domain.usage.services import show_reporting_only
from central.keyring import KeyRing
from central.sync.device_conversions import convert_rows
from central.sync.givebacks import Place, take
from central.sync.site_tokens import refuse_foreign
from central.sync.staging import Staged, stage_rows
from exchange.errors import ExchangeError, MalformedError
from exchange.files.rows import (
    ConversionRequestRow,
    ExportRequestRow,
    ExportReturnRow,
    GrantStateRow,
    RequestRow,
    TokenRow,
)
from exchange.keys import PublicKey
from exchange.statements import open_export_request, open_export_return
from exchange.vocabulary import DeliveryState, ReleaseReason
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, upsert
from serverkit.licence_texts import freed_text

CLOCK_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ApplyContext:
    """The context of one request that is being applied."""

    unit: Unit
    keyring: KeyRing
    account: SmartAccount
    satellite: Satellite
    staged: Staged
    virtual_accounts: Mapping[str, str]
    """The names of the satellite's virtual accounts by id."""


def apply_rows(
    unit: Unit, keyring: KeyRing, account: SmartAccount, satellite: Satellite, rows: Iterable[list[RequestRow]]
) -> None:
    """Apply rows, which come in lists of one kind, without having staged them before."""
    with closing(stage_rows(unit, satellite, rows)) as staged:
        apply_staged(unit, keyring, account, satellite, staged)


def apply_staged(unit: Unit, keyring: KeyRing, account: SmartAccount, satellite: Satellite, staged: Staged) -> None:
    """Write what was made ready, and decide the rest; ExchangeError for what no genuine satellite could have written."""
    own = {row.id: row.name for row in of_satellite(unit, account.id, satellite.id)}
    context = ApplyContext(unit, keyring, account, satellite, staged, own)
    events = staged.added + len(staged.said)
    first = next_numbers(unit, account.id, "event", events) if events else 0
    unit.session.flush()
    staged.bulk.send(unit.session.connection(), staged.numbers_from(first))
    if staged.recount:
        recount_totals(unit, account.id, sorted({*own, *(va for va, _ in staged.changes)}))
    else:
        change_totals(unit, account.id, staged.changes)
    for kind, apply in _APPLY.items():
        for piece in batches(staged.others.get(kind, ())):
            apply(context, piece)
    follow_keys(unit, account.id, satellite.id, staged.apart)
    # What the same file gives back is free before what it asks for is decided.
    _decide_requests(context, staged.others.get(ExportRequestRow, []))
    holders = ((row, _holder(context, row)) for row in staged.others.get(ConversionRequestRow, []))
    convert_rows(unit, account.id, satellite.id, frozenset(staged.gone), holders)
    _settle_instances(context)
    if staged.measured:
        show_reporting_only(unit, account.id, staged.measured)


def _own(context: ApplyContext, virtual_account_id: str) -> str:
    if virtual_account_id not in context.virtual_accounts:
        raise MalformedError("a row names a virtual account that is not this satellite's")
    return virtual_account_id


def _tokens(context: ApplyContext, rows: list[TokenRow]) -> None:
    refuse_foreign(context.unit, context.account.id, context.satellite.id, [row.id for row in rows])
    gone = [row.id for row in rows if row.removed]
    context.unit.session.execute(
        delete(Token).where(
            Token.account_id == context.account.id, Token.satellite_id == context.satellite.id, Token.id.in_(gone)
        )
    )
    values = [
        {
            "account_id": context.account.id,
            "id": row.id,
            "virtual_account_id": _own(context, row.virtual_account),
            "satellite_id": context.satellite.id,
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
    upsert(context.unit.session, Token, values)


def _settle_instances(context: ApplyContext) -> None:
    unit, account_id = context.unit, context.account.id
    satellite_id, gone = context.satellite.id, frozenset(context.staged.gone)
    move_claims(unit, account_id, context.staged.moved)
    follow_keys(unit, account_id, satellite_id, heirs(unit, account_id, satellite_id, gone))
    move_grants(unit, account_id, {**strayed(unit, account_id, satellite_id), **context.staged.moved})
    for piece in batches(context.staged.moved):
        record_many(unit, account_id, [*_moved(context, piece)])
    for row in note_seen(unit, account_id, context.staged.registered):
        tell_kept(unit, row)
    for piece in batches(sorted(gone)):
        removed = [*_removed(context, piece)]
        release_claims(unit, account_id, piece)
        forget_registered(unit, account_id, piece)
        for statement in (
            delete(Standby).where(Standby.account_id == account_id, Standby.instance_id.in_(piece)),
            delete(Instance).where(Instance.account_id == account_id, Instance.id.in_(piece)),
        ):
            unit.session.execute(statement, execution_options={"synchronize_session": False})
        record_many(unit, account_id, removed)


def _moved(context: ApplyContext, ids: Sequence[str]) -> Iterator[NewEvent]:
    """Events for both virtual accounts about instances that the satellite moved."""
    staged, names = context.staged, context.virtual_accounts
    for row in _instances(context, ids):
        both = staged.left[row.id], staged.moved[row.id]
        old, new = (names.get(va) or _former_name(context, va) for va in both)
        message = f"product instance {instance_name(row)} transferred from {old} to {new} via satellite {context.satellite.name}"
        for va in dict.fromkeys(both):
            yield _told(context, EventKind.INSTANCE_TRANSFERRED, row, va, message, old=both[0], new=both[1])


def _removed(context: ApplyContext, ids: Sequence[str]) -> Iterator[NewEvent]:
    """Events about instances that the satellite removed: where, and which licences are free."""
    used = claims_by_instance(context.unit, context.account.id, [*ids])
    named = titles(context.unit, {tag for of in used.values() for tag in of})
    for row in _instances(context, ids):
        va, freed = row.virtual_account_id, used.get(row.id, {})
        place = context.virtual_accounts.get(va) or _former_name(context, va)
        text = freed_text(freed, named)
        message = (
            f"product instance {instance_name(row)} removed from {place} via satellite {context.satellite.name}{text}"
        )
        yield _told(context, EventKind.INSTANCE_REMOVED_VIA_SATELLITE, row, va, message, freed=freed)


def _instances(context: ApplyContext, ids: Sequence[str]) -> Sequence[Row[Any]]:
    query = select(Instance.id, Instance.hostname, Instance.udi, Instance.virtual_account_id)
    query = query.where(Instance.account_id == context.account.id, Instance.id.in_(ids))
    return context.unit.session.execute(query.order_by(Instance.id)).all()


def _former_name(context: ApplyContext, virtual_account_id: str) -> str:
    """The name of a virtual account that is not this satellite's any more."""
    found = context.unit.session.get(VirtualAccount, (context.account.id, virtual_account_id))
    return found.name if found is not None else virtual_account_id


def _told(context: ApplyContext, kind: EventKind, row: Row[Any], va: str, message: str, **more: object) -> NewEvent:
    subject = {"instance": row.id, "pid": row.udi["pid"], "serial": row.udi["serial"], **more}
    return NewEvent(
        kind, message, subject, virtual_account_id=va, instance_id=row.id, satellite_id=context.satellite.id
    )


def _decide_requests(context: ApplyContext, rows: list[ExportRequestRow]) -> None:
    unit, gone = context.unit, frozenset(context.staged.gone)
    for row in rows:
        try:
            statement = open_export_request(row.statement, row.device_key)
        except ExchangeError as error:
            raise MalformedError("a request is not signed by its device: {reason}", reason=error.message) from error
        if statement.request != row.id or statement.instance != row.instance:
            raise MalformedError("a request does not say what its device signed")
        instance = _holder(context, row)
        if instance is not None and instance.id in gone:
            instance = None  # the same file says that it was removed
        if instance is not None:
            statement = replace(statement, instance=instance.id)
        va = instance.virtual_account_id if instance else next(iter(sorted(context.virtual_accounts)), "")
        applicant = Applicant(context.account, context.satellite.id, context.satellite.epoch, va)
        decide(unit, context.keyring, applicant, instance, statement, row.device_key)


def _holder(context: ApplyContext, row: ExportRequestRow | ConversionRequestRow) -> Instance | None:
    """The instance of the key that asks: the one it names, or the one that its machine became since it signed (row S4.1).

    In a set each unit asks with its own key, whichever is active when the file is made (row C7.6).
    """
    session, account_id, key_hash = context.unit.session, context.account.id, row.device_key.key_hash
    named = session.get(Instance, (account_id, row.instance))
    if named is not None and named.satellite_id == context.satellite.id and key_hash in _keys_of(named):
        return named
    query = select(Instance).where(
        Instance.account_id == account_id,
        Instance.satellite_id == context.satellite.id,
        Instance.key_hash == key_hash,
    )
    return session.scalars(query.order_by(Instance.id)).first()


def _keys_of(instance: Instance) -> set[str]:
    beside = [PublicKey.from_dict(key).key_hash for key in instance.standby_keys or () if key is not None]
    return {instance.key_hash, *beside}


def _export_returns(context: ApplyContext, rows: list[ExportReturnRow]) -> None:
    for row in rows:
        try:
            open_export_return(row.statement, row.device_key)
        except ExchangeError as error:
            raise MalformedError("a return is not signed by its device: {reason}", reason=error.message) from error
        place = Place(context.account.id, context.satellite.id, row.instance)
        # A site cannot know whose a grant is that it never had: what another key says of it frees nothing, and does not
        # keep the rest of the file out.
        with suppress(ExchangeError):
            take(context.unit, context.keyring, place, row.statement, row.device_key)


def _grant_states(context: ApplyContext, rows: list[GrantStateRow]) -> None:
    unit, account_id = context.unit, context.account.id
    # A site speaks of what was granted through it, nothing else: its word carries no device's signature.
    named = select(GrantRecord).where(
        GrantRecord.account_id == account_id,
        GrantRecord.satellite_id == context.satellite.id,
        GrantRecord.id.in_([row.grant for row in rows]),
    )
    known = {grant.id: grant for grant in unit.session.scalars(named)}
    for row in rows:
        grant = known.get(row.grant)
        # Only a central that was restored can lack what it signed itself, whether it knows that already or not.
        if grant is None and row.envelope is not None:
            place = context.satellite.id, context.virtual_accounts
            grant = adopt_grant(unit, context.keyring, account_id, place, row.envelope, row.device_key)
        elif grant is not None and row.envelope is not None:
            adopt_renewal(unit, context.keyring, grant, row.envelope)
        if grant is None:
            continue
        if row.state is DeliveryState.DELIVERED:
            mark_delivered(unit, account_id, row.grant, row.generation)
        elif grant.state == ACTIVE and grant.delivered_at is None and _is_past(unit, row.at, grant.deliver_until):
            release(unit, context.keyring, grant, ReleaseReason.UNDELIVERED)


def _is_past(unit: Unit, said: datetime, end: datetime) -> bool:
    """Whether a satellite may report an end as passed: central's own clock must agree."""
    return end < said <= unit.now + CLOCK_TOLERANCE and end < unit.licence_now


_APPLY: Mapping[type, Callable[[ApplyContext, list[Any]], None]] = {
    TokenRow: _tokens,
    ExportReturnRow: _export_returns,
    GrantStateRow: _grant_states,
}
