"""What transfers look at, and which there were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import or_, select

from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.ledger.errors import UnknownLotError
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.postings import holdings_of
from central.domain.ledger.queries import pools
from central.domain.ledger.services import lots_by_id
from central.domain.transfers.errors import LotInSeveralError, UnknownTransferError
from central.domain.transfers.models import Transfer, TransferMove
from central.domain.transfers.rules import FreeLot, Inventory, Key, Requested
from exchange.compliance import LotView
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit


def inventory_of(unit: Unit, account_id: str, requests: Iterable[Requested]) -> Inventory:
    """What these lines look at; in a writing unit the free holdings are locked first, so that two transfers see each other."""
    requests = list(requests)
    places = {place for requested in requests for place in (requested.source, requested.target)}
    tags = {requested.tag for requested in requests}
    lots = _free_lots(unit, account_id, {requested.source for requested in requests}, tags)
    rows = [unit.session.get_one(VirtualAccount, (account_id, place)) for place in sorted(places)]
    names = {row.id: row.name for row in rows} | titles(unit, tags)
    managed = {row.id for row in rows if row.satellite_id is not None}
    recovering = {row.id for row in rows if row.recovering}
    figures = pools(unit, account_id, sorted(places), sorted(tags))
    return Inventory(unit.licence_now, figures, lots, names, managed, recovering)


def _free_lots(unit: Unit, account_id: str, places: Collection[str], tags: Collection[str]) -> dict[Key, list[FreeLot]]:
    found: dict[Key, list[FreeLot]] = defaultdict(list)
    of_tags = select(Lot.id).where(Lot.account_id == account_id, Lot.tag.in_(tags))
    free = (Holding.bucket == Bucket.FREE, Holding.holder == "")
    rows = holdings_of(unit, account_id, Holding.virtual_account_id.in_(places), *free, Holding.lot_id.in_(of_tags))
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    for row in rows:
        lot = lots[row.lot_id]
        view = LotView(lot.id, LicenceType(lot.licence_type), row.quantity, lot.start, lot.end, Billing(lot.billing))
        found[row.virtual_account_id, lot.tag].append(FreeLot(view, lot.subscription_id))
    return found


def place_of_lot(
    unit: Unit, account_id: str, lot_id: str, visible: Collection[str], source: str | None
) -> tuple[str, str]:
    """The virtual account that holds free units of a lot, and the tag; the one that is named, or the only one."""
    query = (
        select(Holding.virtual_account_id, Lot.tag)
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .where(Holding.account_id == account_id, Holding.lot_id == lot_id)
        .where(Holding.bucket == Bucket.FREE, Holding.holder == "", Holding.quantity > 0)
    )
    found = [(place, tag) for place, tag in unit.session.execute(query) if place in visible]
    if source is not None:
        found = [one for one in found if one[0] == source]
    if not found:
        raise UnknownLotError("there are no free units of a lot {lot}", lot=lot_id[:64])
    if len(found) > 1:
        raise LotInSeveralError("{count} virtual accounts hold free units of the lot", count=len(found))
    return found[0]


def tags_in(unit: Unit, account_id: str, place: str) -> set[str]:
    """The licences of which a virtual account holds free units."""
    query = (
        select(Lot.tag)
        .join(Holding, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .where(Holding.account_id == account_id, Holding.virtual_account_id == place)
        .where(Holding.bucket == Bucket.FREE, Holding.holder == "", Holding.quantity > 0)
    )
    return set(unit.session.scalars(query.distinct()))


def lot_sources(unit: Unit, account_id: str, lots: Collection[str]) -> dict[str, dict[str, str | None]]:
    """Where some lots came from: the source, and the order with its line."""
    query = select(Lot.id, Lot.source, Lot.order_number, Lot.order_line).where(Lot.account_id == account_id)
    return {
        lot: {"source": source, "order_number": number, "order_line": line}
        for lot, source, number, line in unit.session.execute(query.where(Lot.id.in_(lots)))
    }


def transfer(unit: Unit, account_id: str, number: int) -> Transfer:
    """A transfer by its number; UnknownTransferError."""
    found = unit.session.get(Transfer, (account_id, number))
    if found is None:
        raise UnknownTransferError("there is no transfer {number}", number=number)
    return found


def moves_of(unit: Unit, account_id: str, numbers: Collection[int]) -> Mapping[int, Sequence[TransferMove]]:
    """What some transfers moved, in order."""
    found: dict[int, list[TransferMove]] = defaultdict(list)
    query = select(TransferMove).where(TransferMove.account_id == account_id, TransferMove.number.in_(numbers))
    for row in unit.session.scalars(query.order_by(TransferMove.number, TransferMove.position)):
        found[row.number].append(row)
    return found


def newest_transfers(
    unit: Unit, account_id: str, places: Collection[str], most: int, before: int | None = None
) -> list[Transfer]:
    """The newest transfers from or to one of these virtual accounts; `before` is a number to go on from."""
    touched = select(TransferMove.number).where(
        TransferMove.account_id == account_id,
        or_(TransferMove.from_virtual_account.in_(places), TransferMove.to_virtual_account.in_(places)),
    )
    query = select(Transfer).where(Transfer.account_id == account_id, Transfer.number.in_(touched))
    if before is not None:
        query = query.where(Transfer.number < before)
    return list(unit.session.scalars(query.order_by(Transfer.number.desc()).limit(most)))
