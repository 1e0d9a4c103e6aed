"""`ledger verify`: every number is computed again from the postings, and what differs is named, row by row (row E4).

What is found: a posting that was edited, dropped or added, the last ones cut off (the counter of numbers knows how many
there were), a lot whose terms were edited, a holding or total that does not follow, a grant for which more or less is
locked than it says. What cannot be found here: a whole
database restored from an earlier, consistent copy. Where an account's postings are broken, what follows from them is not
judged: it would only repeat the fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import func, select

from central.domain.accounts.models import VirtualAccount
from central.domain.base import Counter
from central.domain.ledger.kept import is_outdated, kept_row, names_of, of_place
from central.domain.ledger.listing import rows_of_pool
from central.domain.ledger.lot_fields import search_terms
from central.domain.ledger.models import GRANTED, Bucket, Claim, Holding, KeptLicence, Lot, PoolTotal, Posting
from central.domain.ledger.postings import POSTING_NUMBERS, content_of, lot_note
from central.domain.ledger.queries import pools
from central.domain.ledger.rules import posting_hash
from serverkit.db.unit import Unit

Finding = dict[str, Any]


class Granted(NamedTuple):
    """What an active grant says: its account, id, virtual account and quantity."""

    account_id: str
    grant_id: str
    virtual_account_id: str
    quantity: int


def verify(unit: Unit, granted: Iterable[Granted]) -> list[Finding]:
    """Compute every holding and total again from postings and claims; what differs is named, row by row.

    `granted` are the active grants of all accounts: what is locked for each is what it says.
    """
    chains = _Chains()
    query = select(Posting).order_by(Posting.account_id, Posting.number).execution_options(yield_per=1000)
    for row in unit.session.scalars(query):
        chains.take(row)
    numbers = select(Counter.account_id, Counter.value).where(Counter.name == POSTING_NUMBERS)
    for account_id, last in unit.session.execute(numbers):
        chains.end(account_id, last)
    of_lots = list(_verify_lots(unit, chains))
    return [
        *chains.findings,
        *_verify_holdings(unit, chains),
        *_verify_tags(unit, chains, {str(one["row"]) for one in of_lots}),
        *of_lots,
        *_verify_totals(unit),
        *_verify_kept(unit, chains.broken),
        *_verify_grants(granted, chains),
    ]


class _Chains:
    """Walks the postings, account by account, and adds up what follows from them."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.broken: set[str] = set()
        self.holdings: dict[tuple[str, ...], int] = defaultdict(int)
        self.lots: dict[tuple[str, str], tuple[int, str]] = {}
        self._last: dict[str, tuple[int, set[str]]] = {}

    def take(self, row: Posting) -> None:
        """The next posting in the order of its numbers."""
        number, before = self._last.get(row.account_id, (0, {""}))
        content = content_of(row)
        right = {posting_hash(one, content) for one in before}
        if row.number != number + 1:
            self._missing(row.account_id, number + 1, row.number - 1)
        elif row.hash not in right:
            self._say(row.account_id, f"{row.account_id}/{row.number}", "the posting was changed after it was written")
        # If only the hash itself was edited, the next posting still follows the right one: one row is named, not two.
        self._last[row.account_id] = (row.number, {row.hash, *right})
        self._add_up(row)

    def end(self, account_id: str, last: int) -> None:
        """No posting of an account is left; `last` is the number that was given out last."""
        number = self._last.get(account_id, (0, {""}))[0]
        if number < last:
            self._missing(account_id, number + 1, last)
        elif number > last:
            named = str(number) if number == last + 1 else f"{last + 1}-{number}"
            self._say(account_id, f"{account_id}/{named}", "added behind the program: its number was never given out")

    def _missing(self, account_id: str, first: int, last: int) -> None:
        named = str(first) if first == last else f"{first}-{last}"
        self._say(account_id, f"{account_id}/{named}", "missing from the chain of postings")

    def _say(self, account_id: str, row: str, message: str) -> None:
        self.broken.add(account_id)
        self.findings.append(_finding("postings", row, message))

    def _add_up(self, row: Posting) -> None:
        account_id, lot_id = row.account_id, row.lot_id
        if row.from_bucket != Bucket.OUTSIDE:
            self.holdings[account_id, lot_id, row.from_bucket, row.from_virtual_account, row.from_holder] -= (
                row.quantity
            )
        else:
            known, note = self.lots.get((account_id, lot_id), (0, row.note))
            self.lots[account_id, lot_id] = (known + row.quantity, note)
        self.holdings[account_id, lot_id, row.to_bucket, row.to_virtual_account, row.to_holder] += row.quantity


def _verify_holdings(unit: Unit, chains: _Chains) -> Iterator[Finding]:
    wanted = {key: value for key, value in chains.holdings.items() if value}
    for row in unit.session.scalars(select(Holding).execution_options(yield_per=1000)):
        key: tuple[str, ...] = (row.account_id, row.lot_id, row.bucket, row.virtual_account_id, row.holder)
        should = wanted.pop(key, 0)
        if row.quantity != should and row.account_id not in chains.broken:
            yield _finding("holdings", "/".join(key), f"the holding says {row.quantity}, its postings {should}")
    for key, value in wanted.items():
        if key[0] not in chains.broken:
            yield _finding("holdings", "/".join(key), f"the holding is missing, its postings say {value}")


def _verify_tags(unit: Unit, chains: _Chains, edited: set[str]) -> Iterator[Finding]:
    """A holding says whose licence its lot is; of a lot that was edited itself nothing is said twice."""
    of_others = (
        select(Holding.account_id, Holding.lot_id, Holding.bucket, Holding.virtual_account_id, Holding.holder)
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .where(Holding.tag != Lot.tag)
    )
    for key in unit.session.execute(of_others):
        if key[0] not in chains.broken and key[1] not in edited:
            yield _finding("holdings", "/".join(key), "the holding names another licence than its lot")


def _verify_lots(unit: Unit, chains: _Chains) -> Iterator[Finding]:
    wanted = dict(chains.lots)
    for lot in unit.session.scalars(select(Lot).execution_options(yield_per=1000)):
        quantity, note = wanted.pop((lot.account_id, lot.id), (0, ""))
        if lot.account_id in chains.broken:
            continue
        if quantity != lot.quantity:
            yield _finding("lots", lot.id, f"the lot says {lot.quantity}, its postings {quantity}")
        elif note != lot_note(lot) or _is_searched_otherwise(lot):
            yield _finding("lots", lot.id, "the lot was changed after it was added")
    for (account_id, lot_id), (quantity, _) in wanted.items():
        if account_id not in chains.broken:
            yield _finding("lots", lot_id, f"the lot is missing, its postings say {quantity}")


def _is_searched_otherwise(lot: Lot) -> bool:
    """Whether what a lot is found by does not follow from what it says."""
    return any(getattr(lot, name) != value for name, value in search_terms(lot.details, lot.sku).items())


def _verify_totals(unit: Unit) -> Iterator[Finding]:
    query = select(Claim.account_id, Claim.virtual_account_id, Claim.tag, func.sum(Claim.count)).group_by(
        Claim.account_id, Claim.virtual_account_id, Claim.tag
    )
    wanted = {(account, va, tag): int(count) for account, va, tag, count in unit.session.execute(query)}
    for row in unit.session.scalars(select(PoolTotal)):
        key = (row.account_id, row.virtual_account_id, row.tag)
        should = wanted.pop(key, 0)
        if row.claimed != should:
            yield _finding("pool_totals", "/".join(key), f"the total says {row.claimed}, its claims {should}")
    for key, count in wanted.items():
        yield _finding("pool_totals", "/".join(key), f"the total is missing, its claims say {count}")


def _verify_kept(unit: Unit, broken: set[str]) -> Iterator[Finding]:
    """What is kept of a pool for lists, where nothing has changed it since."""
    columns = (PoolTotal.account_id, PoolTotal.virtual_account_id, PoolTotal.tag)
    fresh: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for account_id, va, tag in unit.session.execute(
        select(*columns).join(VirtualAccount, of_place()).where(~is_outdated(unit))
    ):
        fresh[account_id].add((va, tag))
    for account_id in sorted(fresh.keys() - broken):
        figures = pools(unit, account_id)
        names = names_of(unit, {tag for _, tag in figures})
        wanted = {
            (va, tag, row["billing"]): kept_row(row, names.get(tag, tag))
            for (va, tag), pool in figures.items()
            if (va, tag) in fresh[account_id]
            for row in rows_of_pool(pool, unit.licence_now)
        }
        for kept in unit.session.scalars(select(KeptLicence).where(KeptLicence.account_id == account_id)):
            if (kept.virtual_account_id, kept.tag) in fresh[account_id]:
                key = (kept.virtual_account_id, kept.tag, kept.billing)
                right = wanted.pop(key, None)
                if right is None or any(getattr(kept, name) != value for name, value in right.items()):
                    yield _finding("kept_licences", "/".join((account_id, *key)), "the kept row differs from its lots")
        for key in wanted:
            yield _finding("kept_licences", "/".join((account_id, *key)), "the kept row is missing")


def _verify_grants(granted: Iterable[Granted], chains: _Chains) -> Iterator[Finding]:
    locked: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for (account_id, _lot, bucket, va, holder), count in chains.holdings.items():
        if bucket in GRANTED and count:
            of_grant = locked[account_id, holder]
            of_grant[va] = of_grant.get(va, 0) + count
    for account_id, grant, va, quantity in granted:
        held = locked.pop((account_id, grant), {})
        if held != {va: quantity} and account_id not in chains.broken:
            message = f"the grant says {quantity}, its postings {sum(held.values())}"
            if sum(held.values()) == quantity:
                message = "its postings lock the units of the grant in another virtual account"
            yield _finding("grants", f"{account_id}/{grant}", message)
    for (account_id, grant), held in locked.items():
        if account_id not in chains.broken:
            message = f"no active grant, its postings lock {sum(held.values())}"
            yield _finding("grants", f"{account_id}/{grant}", message)


def _finding(table: str, row: str, message: str) -> Finding:
    return {"table": table, "row": row, "message": message}
