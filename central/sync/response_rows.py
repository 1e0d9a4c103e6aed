"""The rows of authorization and response files.

A response is a difference from the one that its request names as applied: everything whose change number is higher than
that response's bounds, as absolute values: one bound for what is the account's, one for the catalogue that all share. Allotment lines are always complete, since each carries a new deadline; so is
the policy with the pending agreement and the names, which is one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import of_satellite
from central.domain.agreements.services import pending_since
from central.domain.base import VENDOR, last_change
from central.domain.catalogue.queries import changed_entitlements
from central.domain.conversions.device_led import answer_of
from central.domain.conversions.models import DeviceConversion
from central.domain.export_control.models import ExportRequestRecord, GrantRecord, ReleaseNotice
from central.domain.export_control.services import ACTIVE
from central.domain.ledger.allotting import allotment_lines
from central.domain.policies.queries import policy_number, travelling_policies
from central.domain.satellites.models import Satellite
from central.keyring import KeyRing
from exchange.files.rows import (
    AllotmentRow,
    ConversionResultRow,
    EntitlementRow,
    ExportDecisionRow,
    GrantReleaseRow,
    GrantRow,
    Naming,
    PendingAgreement,
    PolicyRow,
    ResponseRow,
    VirtualAccountRow,
)
from exchange.statements import Allotment, seal_allotment
from exchange.vocabulary import ConversionState, ExportState
from serverkit.db.unit import Unit
from serverkit.ids import new_id


@dataclass(frozen=True, slots=True)
class Known:
    """The change numbers up to which a satellite knows everything: those of its account, and of the catalogue."""

    changes: int
    catalogue: int

    @classmethod
    def now(cls, unit: Unit, account_id: str) -> Known:
        """What a satellite knows that is told everything now."""
        return cls(last_change(unit, account_id), last_change(unit, VENDOR))


NOTHING = Known(0, 0)


def rows_for(
    unit: Unit, keyring: KeyRing, account: SmartAccount, satellite: Satellite, after: Known
) -> Iterator[ResponseRow]:
    """Rows of a file for a satellite that knows everything up to the change numbers `after`."""
    pending = pending_since(unit, account)
    yield PolicyRow(
        dict(travelling_policies(unit)),
        PendingAgreement(*pending) if pending is not None else None,
        Naming(satellite.name, account.name, account.number, account.export_allowed),
    )
    own = of_satellite(unit, account.id, satellite.id)
    for row in own:
        if row.change_no > after.changes:
            yield VirtualAccountRow(row.id, row.name, row.description, removed=False)
    for entry in changed_entitlements(unit, after.catalogue):
        yield EntitlementRow(entry.tag, entry.name, entry.description, entry.restricted, tuple(entry.products))
    yield from _allotments(unit, keyring, account, satellite, own)
    yield from _decisions(unit, account.id, satellite.id, after.changes)
    yield from _conversions(unit, account.id, satellite.id, after.changes)


def _allotments(
    unit: Unit, keyring: KeyRing, account: SmartAccount, satellite: Satellite, own: list[VirtualAccount]
) -> Iterator[AllotmentRow]:
    names = {row.id: row.name for row in own}
    until = unit.now + timedelta(days=policy_number(unit, "sync_removal_days"))
    query = select(GrantRecord.id).where(
        GrantRecord.account_id == account.id, GrantRecord.satellite_id == satellite.id, GrantRecord.state == ACTIVE
    )
    granted = set(unit.session.scalars(query))
    for line in allotment_lines(unit, account.id, list(names), holders=granted):
        allotment = Allotment(
            vendor_id=keyring.vendor_id,
            satellite=satellite.id,
            account=account.domain,
            virtual_account_id=line.virtual_account_id,
            virtual_account_name=names[line.virtual_account_id],
            tag=line.tag,
            licence_type=line.licence_type,
            start=line.start,
            end=line.end,
            quantity=line.quantity,
            billing=line.billing,
            restricted=line.restricted,
            serial=new_id(),
            issued=unit.now,
            valid_until=until,
        )
        yield AllotmentRow(seal_allotment(allotment, keyring.response_key))


def _conversions(unit: Unit, account_id: str, satellite_id: str, after: int) -> Iterator[ConversionResultRow]:
    query = select(DeviceConversion).where(
        DeviceConversion.account_id == account_id,
        DeviceConversion.satellite_id == satellite_id,
        DeviceConversion.change_no > after,
        DeviceConversion.state != ConversionState.PENDING,
    )
    for row in unit.session.scalars(query.order_by(DeviceConversion.change_no)):
        told = answer_of(row)
        yield ConversionResultRow(row.id, row.instance_id, told.state, told.lines, row.decided_at)


def _decisions(unit: Unit, account_id: str, satellite_id: str, after: int) -> Iterator[ResponseRow]:
    requests = select(ExportRequestRecord).where(
        ExportRequestRecord.account_id == account_id,
        ExportRequestRecord.satellite_id == satellite_id,
        ExportRequestRecord.change_no > after,
    )
    for request in unit.session.scalars(requests.order_by(ExportRequestRecord.change_no)):
        yield ExportDecisionRow(
            request=request.id,
            instance=request.instance_id,
            tag=request.tag,
            count=request.count,
            state=ExportState(request.state),
            reason=request.reason,
            message=request.message,
            grant=request.grant_id,
            decided_at=request.decided_at,
        )
    grants = select(GrantRecord).where(
        GrantRecord.account_id == account_id,
        GrantRecord.satellite_id == satellite_id,
        GrantRecord.change_no > after,
    )
    for grant in unit.session.scalars(grants.order_by(GrantRecord.change_no)):
        if grant.state == ACTIVE:
            yield GrantRow(grant.request_id, grant.envelope)
        elif grant.release is not None:
            yield GrantReleaseRow(grant.release)
    notices = select(ReleaseNotice).where(
        ReleaseNotice.account_id == account_id,
        ReleaseNotice.satellite_id == satellite_id,
        ReleaseNotice.change_no > after,
    )
    for notice in unit.session.scalars(notices.order_by(ReleaseNotice.change_no)):
        yield GrantReleaseRow(notice.envelope)
