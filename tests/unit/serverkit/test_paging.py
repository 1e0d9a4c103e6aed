"""Pages of lists: each item once, in the requested order, whatever is added or removed between two pages."""

from __future__ import annotations

from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import pytest
from sqlalchemy import Integer, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from serverkit.actor import OPERATOR
from serverkit.alerts.places import place_key, read_place
from serverkit.db.paging import ALL, Query, Slice, Sorting, UnknownKeyError, UnknownSortError, page_of
from serverkit.db.unit import Unit
from serverkit.http.operations import Page, paged_by


class _Base(DeclarativeBase):
    pass


class _Row(_Base):
    __tablename__ = "rows"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    part: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(32))
    number: Mapped[int] = mapped_column(Integer)


SORTING = Sorting((_Row.id, _Row.part), {"name": (_Row.name,)})
NUMBERED = Sorting((_Row.number,), {})
ROWS = [("a", "x", "Zoe", 1), ("a", "y", "Ann", 2), ("b", "x", "Ann", 3), ("c", "x", "Bob", 4), ("d", "", "Ann", 5)]


@pytest.fixture
def unit() -> Any:
    """A unit of work on a table with five rows, of which three share a name."""
    engine = create_engine("sqlite://")
    _Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(_Row(id=one, part=part, name=name, number=number) for one, part, name, number in ROWS)
        session.flush()
        yield Unit(session, datetime(2026, 1, 1, tzinfo=UTC), OPERATOR, writing=True)


def walked(unit: Unit, sorting: Sorting, sort: str | None, limit: int) -> list[int]:
    """The numbers of all rows, page after page."""
    query: Query = select(_Row)
    found: list[int] = []
    after: str | None = None
    while True:
        rows, after = page_of(unit, query, sorting, Slice(limit, after, sort))
        assert len(rows) <= limit
        found += [row[0].number for row in rows]
        if after is None:
            return found


@pytest.mark.row("C1.1")
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 9])
@pytest.mark.parametrize(
    ("sort", "numbers"),
    [(None, [1, 2, 3, 4, 5]), ("-id", [5, 4, 3, 2, 1]), ("name", [2, 3, 5, 4, 1]), ("-name", [1, 4, 5, 3, 2])],
)
def test_pages_of_any_size_show_each_row_once_in_order(
    unit: Unit, sort: str | None, numbers: list[int], limit: int
) -> None:
    """Rows that are equal in the requested order are told apart by their identity."""
    assert walked(unit, SORTING, sort, limit) == numbers


@pytest.mark.row("C1.1")
def test_all_of_a_list_has_no_next_page(unit: Unit) -> None:
    """A command that shows everything gets everything, in one query."""
    query: Query = select(_Row)
    rows, following = page_of(unit, query, SORTING, ALL)

    assert (len(rows), following) == (len(ROWS), None)


@pytest.mark.row("C1.1")
def test_a_row_that_is_added_or_removed_moves_no_other(unit: Unit) -> None:
    """The next page begins after the key, even if its row has gone."""
    query: Query = select(_Row)
    _, after = page_of(unit, query, SORTING, Slice(2))
    unit.session.delete(unit.session.get_one(_Row, ("a", "y")))
    unit.session.add(_Row(id="0", part="x", name="New", number=0))
    unit.session.flush()
    rows, _ = page_of(unit, query, SORTING, Slice(2, after))

    assert after == "a:y"
    assert [row[0].number for row in rows] == [3, 4]


@pytest.mark.row("C1.1", "C12.4")
@pytest.mark.parametrize(("sort", "name", "left"), [("name", "Zzz", [5, 4, 1]), ("-name", "Zzz", [5, 3, 2])])
def test_a_row_that_moves_in_its_order_takes_no_other_along(unit: Unit, sort: str, name: str, left: list[int]) -> None:
    """The last row of a page is renamed, then removed: the next page goes on from where it stood, nothing twice, nothing lost."""
    query: Query = select(_Row)
    rows, after = page_of(unit, query, SORTING, Slice(2, None, sort))
    last = rows[-1][0]
    last.name = name
    unit.session.flush()
    moved = [row[0].number for row in page_of(unit, query, SORTING, Slice(9, after, sort))[0]]
    unit.session.delete(last)
    unit.session.flush()

    assert [number for number in moved if number != last.number] == left
    assert [row[0].number for row in page_of(unit, query, SORTING, Slice(9, after, sort))[0]] == left


@pytest.mark.row("C10.1", "S3.2")
def test_a_page_of_alerts_goes_on_from_a_place_that_its_alert_has_left() -> None:
    """The alert that ended a page becomes the least urgent one: the next page holds all that followed, once."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    items = [((rank, now, now, name), {"id": name}) for rank, name in enumerate("abcd")]
    first = paged_by(items, Page(limit=2), read_place, place_key)
    later = sorted([*items[:1], ((9, now, now, "b"), {"id": "b"}), *items[2:]], key=itemgetter(0))
    rest = paged_by(later, Page(limit=9, after=first["next"]), read_place, place_key)

    assert [one["id"] for one in first["items"]] == ["a", "b"]
    assert [one["id"] for one in rest["items"]] == ["c", "d", "b"]


@pytest.mark.row("C12.4")
def test_the_key_of_a_log_is_its_number(unit: Unit) -> None:
    """Newest first, and a key that is not a number is refused, however long it is."""
    query: Query = select(_Row)
    rows, after = page_of(unit, query, NUMBERED, Slice(2, None, "-id"))

    assert ([row[0].number for row in rows], after) == ([5, 4], "4")
    for wrong in ("", "x", "-1", "4:4", "٣", "9" * 40):
        with pytest.raises(UnknownKeyError):
            page_of(unit, query, NUMBERED, Slice(2, wrong, "-id"))


@pytest.mark.row("C1.1")
def test_an_order_that_is_not_offered_is_refused(unit: Unit) -> None:
    """No one sorts by a column that the list does not name, nor continues after a row that has gone from an order."""
    query: Query = select(_Row)
    with pytest.raises(UnknownSortError, match="there are id, name"):
        page_of(unit, query, SORTING, Slice(2, None, "number"))
    with pytest.raises(UnknownKeyError):
        page_of(unit, query, SORTING, Slice(2, "gone:x", "name"))
