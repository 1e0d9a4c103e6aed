"""Use cases of the contract check by a look-up: now for one PAK or device, and by the job for what waits (row C9.2).

The other system is asked while no unit of work is open: one unit says what to ask, another one keeps what was answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from central.actions.contract_source import NoAnswerError, ask
from central.actions.conversion_runs import finish_conversions
from central.actions.conversions import show_classic
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain
from central.domain.conversions.contract_answers import (
    Question,
    due_questions,
    keep_answers,
    looks_up,
    open_skus,
    question_of,
)
from central.domain.conversions.errors import NoContractLookupError
from central.domain.conversions.queries import find_source, holders
from central.domain.conversions.rules import SourceKind
from central.runtime import Central
from central.sync.device_conversions import decide_waiting
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit

JOB = Actor(ActorKind.JOB, "conversions", "job conversions")
NOT_NAMED = "the answer does not name it"


def check_contracts(
    server: Central, actor: Actor, domain: str, kind: SourceKind | None, text: str, *, needed: bool = True
) -> dict[str, Any]:
    """Look up now which contracts cover what is left of a PAK or device; its licences with the outcome of the check.

    A SKU that is known to be covered is not asked about again until its answer is old. Opens its units itself.
    NoContractLookupError where contracts come from files, unless that is not `needed`.
    """
    if not server.settings.contracts.url and needed:
        raise NoContractLookupError
    with server.database.read(actor) as unit:
        source = find_source(unit, by_domain(unit, domain).id, kind, text)
        require(unit, Permission.LICENCE_CONVERT, source.account_id, source.virtual_account_id)
        skus = open_skus(holders(unit, source.account_id, [source])[0], unit.licence_now, refused=True)
        asked = question_of(source, skus) if skus and looks_up(unit) else None
    if asked is not None:
        _answer(server, actor, [asked])
    with server.database.read(actor) as unit:
        return show_classic(unit, domain, kind, text)


def look_up_due(server: Central, actor: Actor = JOB, domain: str | None = None) -> int:
    """Ask what waits for an answer, of an account or of all; about how many PAKs and devices an answer came."""
    if not server.settings.contracts.url:
        return 0
    with server.database.read(actor) as unit:
        asked = due_questions(unit, by_domain(unit, domain).id if domain is not None else None)
    return _answer(server, actor, asked)


def convert_in_progress(server: Central) -> str:
    """Look up what waits, decide the devices' requests that waited, convert what is in progress; the result of the job."""
    look_up_due(server)

    def finish(unit: Unit) -> str:
        decide_waiting(unit)
        return finish_conversions(unit)

    return server.database.run(JOB, finish)


def _answer(server: Central, actor: Actor, questions: Sequence[Question]) -> int:
    settings, answered, stopped = server.settings.contracts, 0, ""
    fresh = timedelta(minutes=settings.fresh_minutes)
    with server.database.read(actor) as unit:
        domains = {
            one: unit.session.get_one(SmartAccount, one).domain for one in {asked.account_id for asked in questions}
        }
    for asked in questions:
        try:
            if stopped:
                raise NoAnswerError(stopped, whole=True)
            found, problem = ask(settings, domains[asked.account_id], asked, server.clock.now()), NOT_NAMED
        except NoAnswerError as error:
            found, problem = {}, error.cause
            stopped = error.cause if error.whole else ""
        lacks = problem if any(sku not in found for sku in asked.skus) else ""
        answered += not lacks

        def keep(unit: Unit, asked: Question = asked, found: Any = found, lacks: str = lacks) -> None:
            keep_answers(unit, asked, found, lacks, fresh)

        server.database.run(actor, keep)
    return answered
