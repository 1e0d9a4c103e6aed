"""What central's last response left, kept in memory: kinds of licences and signed lines, read once until the next one.

Both change only together with the digest of what was applied, in one transaction; so that digest says whether what is
held is still true. What is in use changes with every claim and is never held over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, select

from exchange.canonical import JsonObject
from exchange.compliance import LotView, Use, judge_licence, stock_of
from exchange.device.licence_bodies import EntitlementAnswer
from exchange.vocabulary import ClaimState, Compliance
from satellite.core.accounts.models import VirtualAccount
from satellite.core.export_queue.models import HeldGrant
from satellite.core.licences.models import AllotmentLine, Entitlement, PoolTotal
from satellite.core.licences.queries import view_of
from serverkit.db.base import UtcDateTime
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of licence: its name, whether it is restricted, and which products may use it (empty: all)."""

    name: str
    restricted: bool
    products: frozenset[str]

    def fits(self, product_tag: str | None, pid: str) -> bool:
        """Whether a product may use it."""
        return not self.products or product_tag in self.products or pid in self.products


@dataclass(frozen=True, slots=True)
class Line:
    """A signed line, as far as sums need it."""

    view: LotView
    envelope: JsonObject


@dataclass(slots=True)
class AppliedLines:
    """The kinds and lines of one applied file."""

    digest: str
    kinds: dict[str, Kind] = field(default_factory=dict)
    lines: dict[tuple[str, str], list[Line]] = field(default_factory=dict)

    def envelopes(self, virtual_account_id: str, tags: list[str]) -> tuple[JsonObject, ...]:
        """The signed lines of licences in a virtual account, by tag."""
        return tuple(line.envelope for tag in sorted(tags) for line in self.lines.get((virtual_account_id, tag), ()))

    def is_short(self, virtual_account_id: str, tag: str, in_use: int, now: datetime) -> bool:
        """Whether a pool of this much use is out of compliance; the same rule as every table's."""
        lines = self.lines.get((virtual_account_id, tag), ())
        stock = stock_of((line.view for line in lines), now)
        return judge_licence(stock, Use(reported=in_use)).status is Compliance.OUT_OF_COMPLIANCE


def read_applied_lines(unit: Unit, digest: str) -> AppliedLines:
    """Read what belongs to a digest."""
    found = AppliedLines(digest)
    kinds = select(Entitlement.tag, Entitlement.name, Entitlement.restricted, Entitlement.products)
    for tag, name, restricted, products in unit.session.execute(kinds):
        found.kinds[tag] = Kind(name, restricted, frozenset(products) - {"*"})
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for row in unit.session.execute(select(AllotmentLine.__table__).order_by(AllotmentLine.serial)):
        lines[row.virtual_account_id, row.tag].append(Line(view_of(row), row.envelope))
    found.lines = dict(lines)
    return found


_GRANTED = (
    select(func.coalesce(func.sum(HeldGrant.quantity), 0))
    .where(HeldGrant.virtual_account_id == bindparam("va"), HeldGrant.tag == bindparam("of"))
    .where(HeldGrant.release.is_(None), HeldGrant.not_after > bindparam("now", type_=UtcDateTime))
    .scalar_subquery()
)
_CLAIMED = (
    select(func.coalesce(func.sum(PoolTotal.claimed), 0))
    .where(PoolTotal.virtual_account_id == bindparam("va"), PoolTotal.tag == bindparam("of"))
    .scalar_subquery()
)
_IN_USE = select(_CLAIMED, _GRANTED)


def in_use(unit: Unit, virtual_account_id: str, tag: str) -> int:
    """What is claimed and granted of a pool; costs the same for one device and for many."""
    values = {"va": virtual_account_id, "of": tag, "now": unit.licence_now}
    claimed, granted = unit.session.connection().execute(_IN_USE, values).one()
    return int(claimed) + int(granted)


class PoolUse:
    """Answers for licences in one unit of work; each pool is added up once until a claim changes."""

    def __init__(self, unit: Unit, applied: AppliedLines) -> None:
        """`applied` is what central's last response left."""
        self._unit = unit
        self.applied = applied
        self.now = unit.now
        self._short: dict[tuple[str, str], bool] = {}
        self._names: dict[str, str] = {}

    def virtual_account_name(self, virtual_account_id: str) -> str:
        """The name of a virtual account, read once for a group."""
        if virtual_account_id not in self._names:
            self._names[virtual_account_id] = self._unit.session.get_one(VirtualAccount, virtual_account_id).name
        return self._names[virtual_account_id]

    def forget(self) -> None:
        """What is in use may have changed."""
        self._short.clear()

    def is_short(self, virtual_account_id: str, tag: str) -> bool:
        """Whether a pool is out of compliance now."""
        pool = (virtual_account_id, tag)
        if pool not in self._short:
            used = in_use(self._unit, virtual_account_id, tag)
            self._short[pool] = self.applied.is_short(virtual_account_id, tag, used, self._unit.licence_now)
        return self._short[pool]

    def ordinary(self, wanted: Iterable[tuple[str, int]]) -> dict[str, int]:
        """What of a list is claimed from pools: known here and not restricted."""
        kinds = self.applied.kinds
        return {tag: count for tag, count in wanted if tag in kinds and not kinds[tag].restricted}

    def titles(self, tags: Iterable[str]) -> dict[str, str]:
        """The names of licences by tag."""
        kinds = self.applied.kinds
        return {tag: kinds[tag].name for tag in tags if tag in kinds}

    def answer(self, device: tuple[str, str | None, str], tag: str, count: int, until: datetime) -> EntitlementAnswer:
        """What a device is told of one licence; `device` is its virtual account, product tag and product id."""
        virtual_account_id, product_tag, pid = device
        kind = self.applied.kinds.get(tag)
        if kind is None:
            return EntitlementAnswer(tag, count, ClaimState.NOT_FOUND, None)
        if kind.restricted:
            return EntitlementAnswer(tag, count, ClaimState.RESTRICTED, None)
        if not kind.fits(product_tag, pid):
            return EntitlementAnswer(tag, count, ClaimState.INVALID, None)
        short = self.is_short(virtual_account_id, tag)
        return EntitlementAnswer(tag, count, ClaimState.OUT_OF_COMPLIANCE if short else ClaimState.AUTHORIZED, until)
