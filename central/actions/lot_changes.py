"""Use cases of lots that the vendor adds and removes by hand (row C12.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.catalogue.queries import by_name, entitlement
from central.domain.ledger import adjusting
from central.domain.ledger.errors import InvalidLotError
from central.domain.ledger.queries import pools
from central.domain.ledger.rules import LotSource, LotSpec, row_reader
from central.domain.licence_tags.services import drop_lost_tags, tags_lost
from serverkit.db.unit import Unit
from serverkit.table_file import RowError
from serverkit.views import View


class LotChangeView(View):
    """Units of a lot that came or went; `balance` is that of the licence in the virtual account afterwards."""

    lot: str
    licence: str
    name: str
    virtual_account: str
    quantity: int
    free: int
    balance: int
    tags_dropped: list[str]


def add_licences(
    unit: Unit, domain: str, name: str, licence: str, quantity: int, note: str, more: Mapping[str, str | None]
) -> dict[str, Any]:
    """Add a lot; `more` are type, billing, start, end, sku, subscription_id as in a file of orders. InvalidLotError."""
    pool = _pool(unit, domain, name)
    require(unit, Permission.LICENCE_MANAGE, pool.account_id, pool.id)
    tag = by_name(unit, licence)
    cells = {key: value.strip() for key, value in more.items() if value and value.strip()}
    cells |= {"virtual_account": pool.name, "tag": tag, "quantity": str(quantity)}
    lot = adjusting.add_by_hand(unit, pool, _spec(unit, {"source": LotSource.MANUAL.value, **cells}), note)
    return _shown(unit, pool, lot.id, lot.tag, quantity, [])


def _spec(unit: Unit, cells: dict[str, str]) -> LotSpec:
    try:
        return row_reader(unit.now)(cells)
    except RowError as error:
        raise InvalidLotError("{reason}", reason=error.message) from error


def preview_removal(unit: Unit, domain: str, name: str, lot: str, quantity: int | None = None) -> dict[str, Any]:
    """What the removal of units of a lot would leave, with the tags that would be dropped; UnknownLotError."""
    pool = _pool(unit, domain, name)
    require(unit, Permission.LICENCE_MANAGE, pool.account_id, pool.id)
    row, free = adjusting.removable(unit, pool, lot)
    count = free if quantity is None else quantity
    if quantity is not None:
        adjusting.judge_removal(unit, pool, row, free, quantity)
    lost = tags_lost(unit, pool.account_id, pool.id, {lot: count})
    tags = sorted({tag for names in lost.values() for tag in names})
    shown = _shown(unit, pool, lot, row.tag, -count, tags)
    return {**shown, "free": free, "balance": shown["balance"] - count}


def remove_licences(unit: Unit, domain: str, name: str, lot: str, quantity: int, note: str) -> dict[str, Any]:
    """Remove units of a lot that are neither reserved nor held."""
    pool = _pool(unit, domain, name)
    require(unit, Permission.LICENCE_MANAGE, pool.account_id, pool.id)
    dropped = drop_lost_tags(unit, pool.account_id, pool.id, {lot: quantity})
    row = adjusting.remove_by_hand(unit, pool, lot, quantity, note)
    return _shown(unit, pool, lot, row.tag, -quantity, dropped)


def _pool(unit: Unit, domain: str, name: str) -> VirtualAccount:
    return virtual_account(unit, by_domain(unit, domain).id, name)


def _shown(unit: Unit, pool: VirtualAccount, lot: str, tag: str, quantity: int, tags: list[str]) -> dict[str, Any]:
    unit.session.flush()  # the balance is read from what was written
    figures = pools(unit, pool.account_id, [pool.id], [tag]).get((pool.id, tag))
    _row, free = adjusting.removable(unit, pool, lot)
    return LotChangeView(
        lot=lot,
        licence=tag,
        name=entitlement(unit, tag).name,
        virtual_account=pool.name,
        quantity=quantity,
        free=free,
        balance=figures.verdict.prepaid.balance if figures is not None else 0,
        tags_dropped=tags,
    ).shown()
