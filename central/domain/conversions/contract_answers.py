"""What a look-up over HTTP says of service contracts: what is to be asked, what was answered, until when it is believed.

The look-up itself is made outside of any unit of work; here its questions and answers are kept (row C9.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select

from central.domain.conversions.models import ClassicSource, ContractAnswer
from central.domain.conversions.rules import NOT_ASKED, Check, Holder, SourceKind, Status
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches

LOOKUP = "contract look-up"
"""The feature of a unit whose server looks contracts up; imported files count where it does not."""
NOT_CHECKED = "contract_not_checked"
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)
AT_ONCE = 200
"""How many PAKs and devices one run of the job asks about."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which SKUs of a PAK or device are asked about."""

    account_id: str
    source_id: str
    kind: SourceKind
    number: str
    pid: str
    serial: str
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """The contract that covers a SKU; without a `number` there is none."""

    number: str | None
    start: datetime | None = None
    end: datetime | None = None


def looks_up(unit: Unit) -> bool:
    """Whether contracts are looked up; else they come from imported files."""
    return LOOKUP in unit.features


def unchecked_cause(one: ContractAnswer | None, now: datetime) -> str | None:
    """Why nobody knows whether a contract covers a SKU; None where an answer is fresh."""
    if one is None:
        return NOT_ASKED
    if one.fresh_until is not None and one.fresh_until > now:
        return None
    return one.problem or NOT_ASKED


def answers_of(unit: Unit, account_id: str, ids: Collection[str]) -> Mapping[tuple[str, str], ContractAnswer]:
    """What was asked or answered of PAKs or devices, by their id and SKU."""
    query = select(ContractAnswer).where(ContractAnswer.account_id == account_id)
    return {
        (row.source_id, row.sku): row
        for piece in batches(sorted(ids))
        for row in unit.session.scalars(query.where(ContractAnswer.source_id.in_(piece)))
    }


def question_of(source: ClassicSource, skus: Collection[str]) -> Question:
    """What is asked about a PAK or device."""
    facts = source.facts
    return Question(
        source.account_id,
        source.id,
        SourceKind(source.kind),
        source.number,
        str(facts.get("pid") or ""),
        str(facts.get("serial") or ""),
        tuple(sorted(skus)),
    )


def open_skus(holder: Holder, now: datetime, *, refused: bool = False) -> list[str]:
    """The SKUs whose contract has to be asked for; with `refused` those too that no contract covered a moment ago."""
    wanted = {Check.NOT_CHECKED, Check.FAILED} if refused else {Check.NOT_CHECKED}
    return [one.sku for one in holder.convertible(now) if one.check in wanted]


def ask_later(unit: Unit, source: ClassicSource, holder: Holder, *, at_once: bool = False) -> None:
    """Have the job ask what is not known of a PAK or device; a retry that is planned keeps its time, or comes `at_once`."""
    skus = open_skus(holder, unit.licence_now)
    known = answers_of(unit, source.account_id, [source.id]) if skus else {}
    for sku in skus:
        row = known.get((source.id, sku)) or _new(unit, source.account_id, source.id, sku)
        if row.due_at is None or at_once:
            row.due_at, row.attempts = unit.now, 0


def due_questions(unit: Unit, account_id: str | None = None) -> list[Question]:
    """What the job asks now, first what waits longest."""
    query = select(ContractAnswer).where(ContractAnswer.due_at <= unit.now)
    query = query if account_id is None else query.where(ContractAnswer.account_id == account_id)
    found = defaultdict[tuple[str, str], list[str]](list)
    for row in unit.session.scalars(query.order_by(ContractAnswer.due_at).limit(AT_ONCE * 8)):
        found[row.account_id, row.source_id].append(row.sku)
    wanted = list(found.items())[:AT_ONCE]
    return [question_of(unit.session.get_one(ClassicSource, key), skus) for key, skus in wanted]


def keep_answers(unit: Unit, asked: Question, answers: Mapping[str, Contract], problem: str, fresh: timedelta) -> None:
    """Keep what was answered by SKU; a SKU without an answer has the `problem`, and is asked again where it was due."""
    known = answers_of(unit, asked.account_id, [asked.source_id])
    for sku in asked.skus:
        row = known.get((asked.source_id, sku)) or _new(unit, asked.account_id, asked.source_id, sku)
        answer = answers.get(sku)
        if answer is None:
            row.problem, row.attempts = problem[:400], row.attempts + 1
            if row.due_at is not None:
                wait = min(FIRST_RETRY * 2 ** min(row.attempts - 1, 10), LONGEST_RETRY)
                row.due_at = unit.now + wait
            continue
        row.number, row.start, row.end = answer.number, answer.start, answer.end
        row.fresh_until, row.due_at, row.attempts, row.problem = unit.now + fresh, None, 0, ""
    source = unit.session.get_one(ClassicSource, (asked.account_id, asked.source_id))
    if source.status == Status.FAILED and source.problem == NOT_CHECKED and not problem:
        source.status, source.problem = Status.IN_PROGRESS, ""


def waits_for_answer() -> ColumnElement[bool]:
    """A condition: the job has not asked yet about the PAK or device of a query."""
    return exists().where(
        ContractAnswer.account_id == ClassicSource.account_id,
        ContractAnswer.source_id == ClassicSource.id,
        ContractAnswer.due_at.is_not(None),
        ContractAnswer.attempts == 0,
    )


def _new(unit: Unit, account_id: str, source_id: str, sku: str) -> ContractAnswer:
    row = ContractAnswer(account_id=account_id, source_id=source_id, sku=sku, attempts=0, problem="")
    unit.session.add(row)
    return row
