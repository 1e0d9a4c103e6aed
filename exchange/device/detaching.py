"""Detached mode: bodies and results of its two operations, and how long a term is (row C7.8).

A device that leaves its network for a stated time gets one authorization for the whole of it. Until the term ends, or the
device reattaches, its units stay in use and no other message of it is answered. The id of the term is told to the machine that
detached alone: an older copy of it does not know the id, and cannot give back what the other one uses. A term is given back
once: a machine that names a term that was given back before is a copy, or was restored from one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from exchange.canonical import JsonObject, iso
from exchange.compliance import LotView, Use, judge_licence, stock_of
from exchange.device.licence_bodies import AuthorizeBody, AuthorizeResult, EntitlementAnswer
from exchange.fields import Fields
from exchange.vocabulary import ClaimState, DeviceOp

LONGEST_DAYS = 365
ANSWERED_DETACHED = frozenset({DeviceOp.REATTACH})
"""The operations of a detached device that a server answers: a copy of it must not give back what it uses."""
CHANGES_OF_MODE = frozenset({DeviceOp.DETACH, DeviceOp.REATTACH})
GIVEN_BACK = "term_given_back"
"""The refusal of a term that was given back before: two machines have one key and one term."""
NOT_DETACHED = "not_detached"
"""The refusal of a return when no term runs: it is over."""
REMEMBERED_TERMS = 8


@dataclass(frozen=True, slots=True)
class DetachBody:
    """A device leaves its network for so many days; `use` is what it uses, as in an authorization."""

    days: int
    use: AuthorizeBody

    def to_dict(self) -> JsonObject:
        """The body."""
        return {"days": self.days, "use": self.use.to_dict()}

    @classmethod
    def from_dict(cls, data: object) -> DetachBody:
        """Read the body."""
        fields = Fields(data, "detach")
        days = fields.integer("days", least=1, most=LONGEST_DAYS)
        return cls(days=days, use=AuthorizeBody.from_dict(fields.mapping("use")))


@dataclass(frozen=True, slots=True)
class DetachResult:
    """The term that a device is given, and its authorization until then."""

    term: str
    until: datetime
    authorization: AuthorizeResult

    def to_dict(self) -> JsonObject:
        """The result."""
        return {"term": self.term, "until": iso(self.until), "authorization": self.authorization.to_dict()}

    @classmethod
    def from_dict(cls, data: object) -> DetachResult:
        """Read the result."""
        fields = Fields(data, "detached")
        term, until = fields.identifier("term"), fields.time("until")
        return cls(term=term, until=until, authorization=AuthorizeResult.from_dict(fields.mapping("authorization")))


@dataclass(frozen=True, slots=True)
class ReattachBody:
    """A device returns to its network before its term ends; `term` is the id that it was given."""

    term: str
    use: AuthorizeBody

    def to_dict(self) -> JsonObject:
        """The body."""
        return {"term": self.term, "use": self.use.to_dict()}

    @classmethod
    def from_dict(cls, data: object) -> ReattachBody:
        """Read the body."""
        fields = Fields(data, "reattach")
        return cls(term=fields.identifier("term"), use=AuthorizeBody.from_dict(fields.mapping("use")))


@dataclass(frozen=True, slots=True)
class ReattachResult:
    """The authorization of a device that returned."""

    authorization: AuthorizeResult

    def to_dict(self) -> JsonObject:
        """The result."""
        return {"authorization": self.authorization.to_dict()}

    @classmethod
    def from_dict(cls, data: object) -> ReattachResult:
        """Read the result."""
        return cls(authorization=AuthorizeResult.from_dict(Fields(data, "reattached").mapping("authorization")))


def authorization_in(op: DeviceOp, result: JsonObject) -> AuthorizeResult:
    """The authorization that an answer gives; MalformedError where it gives none."""
    if op is DeviceOp.DETACH:
        return DetachResult.from_dict(result).authorization
    return (
        ReattachResult.from_dict(result).authorization if op is DeviceOp.REATTACH else AuthorizeResult.from_dict(result)
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A device that asks to be detached: for how many days, how many the policy allows, and what stands against it."""

    days: int
    most: int
    active: bool
    reserved: bool
    clone: bool


def why_not_detached(asked: Asked) -> str | None:
    """The code of the refusal; None where the device may be detached as far as it alone decides (row C7.8)."""
    if asked.most < 1:
        return "detach_not_allowed"
    if asked.days > asked.most:
        return "term_too_long"
    if not asked.active:
        return "not_active_unit"
    if asked.reserved:
        return "reserved"
    return "clone_undecided" if asked.clone else None


def why_not_reattached(term: str, running: str | None, given_back: Collection[str] | None) -> str | None:
    """The code of the refusal of a return; `running` is the term that runs, None where none does."""
    if given_back is not None and term in given_back:
        return GIVEN_BACK
    if running is None:
        return NOT_DETACHED
    return None if term == running else "other_term"


def with_given_back(before: Collection[str] | None, term: str | None) -> list[str] | None:
    """The terms of a device that were given back, after one more was; the last ones are remembered."""
    if term is None:
        return list(before) if before else None
    return [*(before or ()), term][-REMEMBERED_TERMS:]


def is_covered(answers: Iterable[EntitlementAnswer]) -> bool:
    """Whether every licence that a device uses is authorized: what is short cannot be taken away for a term."""
    return all(entry.state is ClaimState.AUTHORIZED for entry in answers)


def end_of_term(now: datetime, days: int, bounds: Iterable[datetime | None]) -> datetime:
    """The end of a term: after so many days, at the latest with the first of what it rests on."""
    return min([now + timedelta(days=days), *(bound for bound in bounds if bound is not None)])


def covered_until(
    lots: Sequence[LotView], use: Use, now: datetime, away: Collection[tuple[datetime, int]] = ()
) -> datetime | None:
    """The end of the licence term after which these lots no longer cover this use; None where they go on covering it.

    `away` is what other detached devices use, each until the end of its term: two terms do not rest on the same units.
    """
    ends: Collection[datetime] = {lot.end for lot in lots if lot.end is not None and lot.end > now}

    def beside(end: datetime) -> Use:
        others = sum(count for until, count in away if until > end)
        return replace(use, direct=use.direct + others) if use.direct else replace(use, reported=use.reported + others)

    return next((end for end in sorted(ends) if judge_licence(stock_of(lots, end), beside(end)).shortage > 0), None)
