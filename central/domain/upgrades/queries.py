"""What waits for an upgrade, and what it may replace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.postings import holdings_of
from central.domain.ledger.queries import PoolFigures, pools
from central.domain.ledger.replacing import REPLACES, read_replacements
from central.domain.ledger.services import free_views, lots_by_id
from central.domain.upgrades.rules import PendingLot, Replaceable, state_of
from exchange.compliance import LotPhase, lot_phase
from exchange.vocabulary import LicenceType
from serverkit.db.unit import Unit

REPLACED_TYPES = frozenset({LicenceType.PERPETUAL, LicenceType.TERM})


@dataclass(frozen=True, slots=True)
class Situation:
    """Pending lots of a licence in a virtual account, what they may replace, and the names of the licences."""

    tag: str
    pending: list[PendingLot]
    replaceable: dict[str, Replaceable]
    names: dict[str, str]

    @property
    def state(self) -> str:
        """What the quantities are."""
        return state_of(self.pending, self.replaceable)


def situation(unit: Unit, virtual_account: VirtualAccount, tag: str) -> Situation:
    """Look at a pending upgrade; in a writing unit all its holdings are locked first."""
    account_id, place = virtual_account.account_id, virtual_account.id
    of_tag = select(Lot.id).where(Lot.account_id == account_id, Lot.tag == tag)
    rows = holdings_of(
        unit,
        account_id,
        Holding.virtual_account_id == place,
        Holding.bucket == Bucket.PENDING,
        Holding.lot_id.in_(of_tag),
    )
    held = {row.lot_id: row.quantity for row in rows}
    found = lots_by_id(unit, account_id, set(held)).values()
    lots = [
        lot
        for lot in sorted(found, key=lambda lot: (lot.created_at, lot.id))
        if lot_phase(lot.start, lot.end, unit.licence_now) is not LotPhase.EXPIRED
    ]
    pending = [PendingLot(lot.id, held[lot.id], read_replacements(lot.details[REPLACES])) for lot in lots]
    tags = sorted({option.tag for lot in pending for option in lot.replacements})
    figures = pools(unit, account_id, [place], tags) if tags else {}
    replaceable = {one: _replaceable(unit, virtual_account, one, figures.get((place, one))) for one in tags}
    return Situation(tag, pending, replaceable, titles(unit, [tag, *tags]))


def _replaceable(unit: Unit, row: VirtualAccount, tag: str, figures: PoolFigures | None) -> Replaceable:
    """Perpetual and term lots that count now; those that end first go first, perpetual ones last."""
    far = float("inf")
    views = [
        view
        for view in free_views(unit, row.account_id, row.id, tag)
        if view.licence_type in REPLACED_TYPES
        and not view.boundless
        and lot_phase(view.start, view.end, unit.licence_now) is LotPhase.ACTIVE
    ]
    views.sort(key=lambda view: (view.end.timestamp() if view.end else far, view.id))
    return Replaceable([(view.id, view.quantity) for view in views], figures.free if figures else 0)


def pending_pools(unit: Unit, account_id: str, places: Collection[str] | None = None) -> dict[tuple[str, str], int]:
    """How many units wait, by virtual account and licence; of all virtual accounts or of some."""
    query = (
        select(Holding.virtual_account_id, Lot.tag, func.sum(Holding.quantity))
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .where(Holding.account_id == account_id, Holding.bucket == Bucket.PENDING, Holding.quantity > 0)
        .group_by(Holding.virtual_account_id, Lot.tag)
    )
    if places is not None:
        query = query.where(Holding.virtual_account_id.in_(places))
    found: dict[tuple[str, str], int] = defaultdict(int)
    for place, tag, quantity in unit.session.execute(query):
        found[place, tag] += int(quantity)
    return found
