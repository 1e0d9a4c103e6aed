"""Takes units of a pool for a device and releases them: one rule for reservations and grants (rows C3.3, C3.6, C4.1).

Prepaid units are taken only as far as they are free: what reserved units of ended terms lack is covered first (row C6.9).
What has no predefined quantity, reporting-only lots and lots by usage, gives as much as is asked for: each such quantity is
a lot of its own that comes into being when it is taken and is gone when it is released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from central.domain.accounts.models import VirtualAccount
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.postings import OUTSIDE, Place, lot_note, post
from central.domain.ledger.queries import PoolFigures, pools
from central.domain.ledger.rules import MOST_QUANTITY
from central.domain.ledger.services import free_views, lots_by_id
from exchange.compliance import LotPhase, LotView, last_moment, lot_phase, pick_lots
from exchange.vocabulary import Billing, LicenceType
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.ids import new_id

ISSUED_OF = "issued_of"
"""In the details of a lot that came into being when it was taken: the lot of which it was taken."""
PERPETUAL = "perpetual"
"""The end of units that never end."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What can be taken of a licence in a virtual account: prepaid lots, how much of them is free, a lot without bound."""

    figures: PoolFigures
    prepaid: Sequence[LotView]
    boundless: LotView | None
    unbound: Sequence[LotView]

    @property
    def most(self) -> int:
        """How much may be taken."""
        return MOST_QUANTITY if self.boundless is not None else self.figures.free

    def of_end(self, end: str) -> Supply:
        """The prepaid lots that end so, alone."""
        return replace(self, prepaid=[view for view in self.prepaid if names_end(end, view.end)], boundless=None)


def supply_of(unit: Unit, virtual_account: VirtualAccount, tag: str) -> Supply:
    """Look at a pool before units are taken; its free holdings are locked first, so that two takers see each other."""
    views = free_views(unit, virtual_account.account_id, virtual_account.id, tag)
    active = [view for view in views if lot_phase(view.start, view.end, unit.licence_now) is LotPhase.ACTIVE]
    figures = pools(unit, virtual_account.account_id, [virtual_account.id], [tag]).get(
        (virtual_account.id, tag)
    ) or PoolFigures(virtual_account.id, tag)
    unbound = [view for view in active if view.boundless]
    # Nothing is paid for a reporting-only lot, so it goes before one by usage; that covers only what a satellite reports.
    unbound.sort(key=lambda view: (view.licence_type is not LicenceType.REPORTING_ONLY, view.id))
    usable = [
        view for view in unbound if view.licence_type is LicenceType.REPORTING_ONLY or virtual_account.satellite_id
    ]
    return Supply(figures, [view for view in active if not view.boundless], usable[0] if usable else None, unbound)


def take(
    unit: Unit,
    virtual_account: VirtualAccount,
    supply: Supply,
    quantity: int,
    target: Place,
    reason: str,
    *,
    longest_first: bool,
) -> list[tuple[Lot, int]]:
    """Move a quantity to a place that holds it, prepaid units before others; the caller has compared it with `most`."""
    source = Place(Bucket.FREE, virtual_account.id)
    chosen = pick_lots(supply.prepaid, min(quantity, supply.figures.free), longest_first=longest_first)
    lots = lots_by_id(unit, virtual_account.account_id, {lot_id for lot_id, _ in chosen})
    for lot_id, count in chosen:
        post(unit, virtual_account.account_id, lot_id, count, source, target, reason, target.holder)
    taken = [(lots[lot_id], count) for lot_id, count in chosen]
    rest = quantity - sum(count for _, count in chosen)
    if rest and supply.boundless is not None:
        taken.append((_issue(unit, virtual_account.account_id, supply.boundless.id, rest, target, reason), rest))
    return taken


def _issue(unit: Unit, account_id: str, of: str, quantity: int, target: Place, reason: str) -> Lot:
    parent = unit.session.get_one(Lot, (account_id, of))
    values = {column.name: getattr(parent, column.name) for column in Lot.__table__.columns}
    own = {"id": new_id(), "quantity": quantity, "order_number": None, "order_line": None, "created_at": unit.now}
    own["details"] = {**parent.details, ISSUED_OF: parent.details.get(ISSUED_OF, parent.id)}
    lot = Lot(**{**values, **own})
    unit.session.add(lot)
    unit.session.flush()  # its posting names it
    post(unit, account_id, lot.id, quantity, OUTSIDE, target, reason, lot_note(lot))
    return lot


def end_text(end: datetime | None) -> str:
    """An end as `names_end` reads it."""
    return PERPETUAL if end is None else iso(end)


def names_end(text: str, end: datetime | None) -> bool:
    """Whether a text names an end: `perpetual`, the last day of a term, or the time at which it ends (row C6.1)."""
    if end is None:
        return text == PERPETUAL
    return text in {end_text(end), f"{last_moment(end):%Y-%m-%d}"}


def is_boundless(lot: Lot) -> bool:
    """Whether a lot has no predefined quantity; what is released of one is gone (row C3.3)."""
    return lot.licence_type == LicenceType.REPORTING_ONLY or lot.billing == Billing.USAGE


def give_back(unit: Unit, rows: Sequence[Holding], reason: str, note: str, most: dict[str, int] | None = None) -> int:
    """Release holdings, or of each lot at most what `most` says: prepaid units are free again, others are gone.

    What was owed was never owned: it is gone too.
    """
    lots = lots_by_id(unit, rows[0].account_id, {row.lot_id for row in rows}) if rows else {}
    freed = 0
    for row in rows:
        count = row.quantity if most is None else min(row.quantity, most.get(row.lot_id, 0))
        if not count:
            continue
        source = Place(Bucket(row.bucket), row.virtual_account_id, row.holder)
        gone = row.bucket == Bucket.OWED or is_boundless(lots[row.lot_id])
        bucket = Bucket.REMOVED if gone else Bucket.FREE
        target = replace(source, bucket=bucket, holder="")
        post(unit, row.account_id, row.lot_id, count, source, target, reason, note)
        freed += count
    return freed
