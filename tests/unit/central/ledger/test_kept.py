"""Rows of the licences table that are kept: what makes them out of date, and what a list shows of both kinds (row C3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.ledger.kept import keep_some, outdated_pools
from central.domain.ledger.rules import LotSpec
from central.domain.ledger.services import add_lots
from central.domain.licence_tags.kept_lists import kept_window
from exchange.vocabulary import LicenceType
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from tests.unit.central.factories import DOMAIN, NOW, POOL, unit_of

TAGS = [f"L-{number:02}" for number in range(9)]


@pytest.fixture
def unit() -> Iterator[Unit]:
    """An account with nine licences in one virtual account, all of them kept."""
    with unit_of() as made:
        for number, tag in enumerate(TAGS):
            order(made, tag, number + 1)
        keep_some(made)
        yield made


def pool(unit: Unit) -> VirtualAccount:
    """The virtual account."""
    return virtual_account(unit, by_domain(unit, DOMAIN).id, POOL)


def order(unit: Unit, tag: str, count: int, **term: object) -> None:
    """Buy some."""
    here = pool(unit)
    add_lots(unit, here.account_id, [(here.id, LotSpec(POOL, tag, count, **term))], {tag: tag})  # type: ignore[arg-type]


def outdated(unit: Unit) -> set[str]:
    """The licences that must be added up again."""
    return {tag for _, tag in outdated_pools(unit, by_domain(unit, DOMAIN).id)}


def walked(unit: Unit, sort: str, most: int = 2) -> list[tuple[str, int]]:
    """All rows, a few at a time."""
    here, found, after = pool(unit), [], None
    while True:
        window = kept_window(unit, here.account_id, {here.id: here.name}, Part(sort, after, most=most))
        found += [(row["tag"], row["purchased"]) for row in window.items]
        after = window.next
        if after is None:
            return found


@pytest.mark.row("C3.1")
def test_only_what_changed_is_added_up_again(unit: Unit) -> None:
    """A lot more of two licences: these two, by postings, and what a satellite takes over, by who manages it."""
    assert outdated(unit) == set()
    order(unit, "L-03", 5)
    order(unit, "L-07", 5)
    assert outdated(unit) == {"L-03", "L-07"}

    keep_some(unit)
    pool(unit).satellite_id = "5" * 32
    unit.session.flush()
    assert outdated(unit) == set(TAGS)


@pytest.mark.row("C3.1")
def test_a_list_goes_through_kept_and_changed_rows_in_one_order(unit: Unit) -> None:
    """Page by page, forth by name and back by quantity: each row once, the changed ones with their new figures."""
    wanted = {tag: number + 1 for number, tag in enumerate(TAGS)}
    for tag in ("L-00", "L-04", "L-08"):
        order(unit, tag, 20)
        wanted[tag] += 20

    assert walked(unit, "name") == sorted(wanted.items())
    assert walked(unit, "-purchased") == sorted(wanted.items(), key=lambda one: -one[1])


@pytest.mark.row("C3.1", "C3.3")
def test_a_term_that_begins_or_ends_makes_its_licence_due(unit: Unit) -> None:
    """Nothing is posted at these moments: the list shows what is true at each of them all the same."""
    order(unit, "L-01", 10, licence_type=LicenceType.TERM, start=NOW + timedelta(days=9), end=NOW + timedelta(days=300))
    keep_some(unit)
    shown = []
    for days in (0, 10, 301):
        unit.now = NOW + timedelta(days=days)
        shown.append(dict(walked(unit, "name"))["L-01"])

    assert shown == [2, 12, 2]
