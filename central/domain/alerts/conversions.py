"""Alerts of device-led conversion: some, or none, of a device's classic licences became smart licences (row C9.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from central.domain.alerts.snapshot import Snapshot
from central.domain.conversions.models import DeviceConversion
from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_name
from exchange.conversion import ConvertedLine
from exchange.vocabulary import ConversionReason, ConversionState
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.errors import Filled

_R = ConversionReason
WHY: Mapping[ConversionReason, Filled] = {
    _R.UNKNOWN_DEVICE: said("central does not know the device"),
    _R.NOT_LISTED: said("the vendor's list has no such licence of this device"),
    _R.MORE_THAN_LISTED: said("the vendor's list has fewer units"),
    _R.NOT_ELIGIBLE: said("it becomes no smart licence"),
    _R.TERM_OVER: said("its term is over"),
    _R.CONTRACT_MISSING: said("no service contract covers it"),
    _R.CONTRACT_NOT_CHECKED: said("its service contract could not be checked"),
    _R.ONLY_WHOLE: said("only all of its units can be converted at once"),
    _R.TOO_LATE: said("the request found no connection to central for 90 days"),
}
"""Why units of a classic licence are left, as a part of a sentence."""


def device_conversions(snapshot: Snapshot) -> Iterator[Wanted]:
    """The newest request of each unit counts; one that converts everything, or the end of the instance, ends the alert."""
    one, newer = DeviceConversion, aliased(DeviceConversion)
    later = or_(newer.decided_at > one.decided_at, and_(newer.decided_at == one.decided_at, newer.id > one.id))
    same = (newer.account_id == one.account_id) & (newer.unit_key == one.unit_key)
    query = (
        select(
            one.id,
            one.state,
            one.lines,
            Instance.id.label("instance"),
            Instance.hostname,
            Instance.udi,
            Instance.virtual_account_id,
        )
        .join(Instance, (Instance.account_id == one.account_id) & (Instance.id == one.instance_id))
        .where(
            one.account_id == snapshot.account.id,
            one.state.in_((ConversionState.PARTLY_CONVERTED, ConversionState.NOT_CONVERTED)),
            ~exists().where(same, later),
        )
    )
    for row in snapshot.stream(query):
        lines = [ConvertedLine.from_dict(line) for line in row.lines]
        first = next(line for line in lines if line.reason is not None)
        place = snapshot.name(row.virtual_account_id)
        some = row.state == ConversionState.PARTLY_CONVERTED
        text = said(
            "{device} is registered in {place}, but some of its classic licences were not converted: {sku}: {why}."
            if some
            else "No classic licence of {device} in {place} was converted: {sku}: {why}. If it is not clear why, ask support.",
            device=instance_name(row),
            place=place,
            sku=first.sku,
            why=WHY[first.reason or _R.NOT_LISTED],
        )
        subject = {
            "virtual_account": row.virtual_account_id,
            "instance": row.instance,
            "device_conversion": row.id,
            "left": sum(line.quantity - line.converted for line in lines),
        }
        yield Wanted("licence_converted" if some else "licences_not_converted", row.id, text, place, subject=subject)
