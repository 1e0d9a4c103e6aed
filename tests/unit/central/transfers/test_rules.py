"""The rule of transfers by itself: lines share what is free, and a pool that is shifted is what its lots say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central.domain.ledger.queries import PoolFigures
from central.domain.transfers.rules import FreeLot, Inventory, Requested, plan, shifted
from exchange.compliance import LotPhase, LotView, stock_of
from exchange.licence_rows import Term
from exchange.vocabulary import Billing, LicenceType

NOW = datetime(2027, 1, 1, tzinfo=UTC)
PERPETUAL = LotView("p", LicenceType.PERPETUAL, 5, None, None)
TERM = LotView("t", LicenceType.TERM, 4, NOW - timedelta(days=9), NOW + timedelta(days=9))
LATER = LotView("l", LicenceType.TERM, 3, NOW + timedelta(days=9), NOW + timedelta(days=99))
USAGE = LotView("u", LicenceType.PERPETUAL, 1, None, None, Billing.USAGE)


def pool(*lots: LotView, claimed: int = 0) -> PoolFigures:
    """A pool of these lots."""
    terms = [Term(lot, LotPhase.FUTURE if lot is LATER else LotPhase.ACTIVE) for lot in lots]
    return PoolFigures("a", "T", stock=stock_of(lots, NOW), terms=terms, claimed=claimed)


def inventory(*lots: LotView, claimed: int = 0) -> Inventory:
    """A virtual account `a` that holds these lots."""
    figures = {("a", "T"): pool(*lots, claimed=claimed)}
    names = {"a": "A", "b": "B", "T": "Licence"}
    return Inventory(NOW, figures, {("a", "T"): [FreeLot(lot) for lot in lots]}, names)


@pytest.mark.row("C4.1")
def test_lines_share_what_is_free_and_units_in_use_stay() -> None:
    """The second line sees what the first one took; a lot that starts later is apart; a lot by usage stays with its use."""
    of = inventory(PERPETUAL, TERM, LATER, claimed=2)
    lines = plan(
        of, [Requested("a", "b", "T", 6), Requested("a", "b", "T", 2), Requested("a", "b", "T", 3, lot_id="l")]
    ).lines
    assert [(line.free, line.quantity, line.refusal.code if line.refusal else None) for line in lines] == [
        (7, 6, None),
        (1, 0, "not_enough_free"),
        (3, 3, None),
    ]
    assert [(view.id, count) for view, count in lines[0].picks] == [("p", 5), ("t", 1)]
    [part] = plan(of, [Requested("a", "b", "T", 99, up_to=True)]).lines
    assert (part.quantity, part.refusal) == (7, None)
    used, unused = (plan(inventory(USAGE, claimed=count), [Requested("a", "b", "T", 1)]).lines[0] for count in (1, 0))
    assert (used.refusal is not None, unused.quantity) == (True, 1)


@pytest.mark.row("C4.1")
def test_a_shifted_pool_has_the_figures_of_its_lots() -> None:
    """What goes is taken from its term, what comes is added to it, and an ended lot changes nothing."""
    less = shifted(pool(PERPETUAL, TERM), TERM, -4, NOW)
    assert (less.stock.prepaid, [term.lot.id for term in less.terms]) == (5, ["p"])
    more = shifted(less, LATER, 3, NOW)
    assert (more.stock.prepaid, sum(term.lot.quantity for term in more.terms)) == (5, 8)
    ended = LotView("e", LicenceType.TERM, 2, None, NOW)
    assert shifted(less, ended, 2, NOW) is less
    assert not shifted(pool(USAGE), USAGE, -1, NOW).stock.by_usage
