"""Completing upgrades: pending units become usable, the units that they replace leave the inventory, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import Entry, record, record_transactions
from central.domain.ledger.errors import CentralRecoveringError
from central.domain.ledger.models import Bucket, Lot
from central.domain.ledger.postings import Move, Place, post_many
from central.domain.ledger.services import lots_by_id
from central.domain.licence_tags.services import drop_lost_tags
from central.domain.upgrades.errors import NoUpgradePendingError, UnknownUpgradeOptionError, UpgradeChangedError
from central.domain.upgrades.queries import Situation, situation
from central.domain.upgrades.rules import Offer, offers, picks
from serverkit.db.unit import Unit

SOURCE = "upgrade completed"


@dataclass(frozen=True, slots=True)
class Planned:
    """What one option does for a quantity: the lots that become usable, and those that go."""

    situation: Situation
    offer: Offer
    upgraded: list[tuple[str, int]]
    replaced: list[tuple[str, int]]


def look(unit: Unit, row: VirtualAccount, tag: str) -> Situation:
    """A pending upgrade; NoUpgradePendingError where nothing waits."""
    require(unit, Permission.LICENCE_TRANSFER, row.account_id, row.id)
    found = situation(unit, row, tag)
    if not found.pending:
        raise NoUpgradePendingError("no upgrade to {tag} is pending in {place}", tag=tag[:255], place=row.name)
    return found


def plan_upgrade(found: Situation, quantity: int, option: str | None) -> Planned:
    """What an option does; without one the only option. The refusal of the option where it cannot be completed."""
    offered = offers(found.pending, found.replaceable, quantity, found.names)
    chosen = [one for one in offered if option in {None, one.option.key}]
    if len(chosen) != 1:
        raise UnknownUpgradeOptionError(
            "choose one of the options {options}", options=", ".join(one.option.key for one in offered)
        )
    offer = chosen[0]
    if offer.refusal is not None:
        raise offer.refusal
    waiting = [(lot.id, lot.quantity) for lot in found.pending if offer.option in lot.replacements]
    replaced = picks(found.replaceable[offer.option.tag].lots, offer.needed)
    return Planned(found, offer, picks(waiting, quantity), replaced)


def complete_upgrade(
    unit: Unit, row: VirtualAccount, tag: str, quantity: int, option: str | None, state: str | None = None
) -> Planned:
    """Complete an upgrade; `state` is that of the preview, and UpgradeChangedError says that it is another one now."""
    found = look(unit, row, tag)
    if row.recovering:
        raise CentralRecoveringError
    if state is not None and state != found.state:
        raise UpgradeChangedError
    planned = plan_upgrade(found, quantity, option)
    here = row.id
    moves = [Move(lot, count, Place(Bucket.PENDING, here), Place(Bucket.FREE, here)) for lot, count in planned.upgraded]
    moves += [
        Move(lot, count, Place(Bucket.FREE, here), Place(Bucket.CONVERTED, here), f"upgraded to {tag}")
        for lot, count in planned.replaced
    ]
    drop_lost_tags(unit, row.account_id, here, dict(planned.replaced))
    post_many(unit, row.account_id, moves, "upgraded")
    _tell(unit, row, planned)
    return planned


def _tell(unit: Unit, row: VirtualAccount, planned: Planned) -> None:
    offer, tag, names = planned.offer, planned.situation.tag, planned.situation.names
    old = offer.option.tag
    message = (
        f"upgrade completed: {offer.quantity} of {names.get(tag, tag)} replaced {offer.needed} of {names.get(old, old)}"
    )
    subject = {"tag": tag, "quantity": offer.quantity, "replaced": old, "replaced_quantity": offer.needed}
    record(unit, row.account_id, EventKind.UPGRADE_COMPLETED, message, subject=subject, virtual_account_id=row.id)
    lots = lots_by_id(unit, row.account_id, {lot for lot, _ in (*planned.upgraded, *planned.replaced)})
    entries = [_entry(row, lots[lot], count, "added", message) for lot, count in planned.upgraded]
    entries += [_entry(row, lots[lot], -count, "removed", message) for lot, count in planned.replaced]
    record_transactions(unit, row.account_id, entries)


def _entry(row: VirtualAccount, lot: Lot, count: int, action: str, note: str) -> Entry:
    return Entry(
        lot.licence_type,
        lot.tag,
        count,
        row.id,
        SOURCE,
        action,
        expiry=lot.end,
        order_number=lot.order_number,
        order_line=lot.order_line,
        sku=lot.sku,
        notes=note,
    )
