"""Which rows a change of many is meant for: those that were named, or all that match, read again each time.

Of all that match only the keys are read, so that a list of any length can be meant; what is shown of them is a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from serverkit.web.bulk import MOST
from serverkit.web.errors import SelectionChangedError
from serverkit.web.page import Page
from serverkit.web.tables import Item, Table


@dataclass(frozen=True)
class Selection:
    """The keys of the rows that are meant, and how many match beyond those that one change takes."""

    keys: Sequence[str]
    beyond: int = 0
    all: bool = False

    @property
    def digest(self) -> str:
        """A text that is another one for any other rows; their order does not matter."""
        return sha256("\n".join(sorted(self.keys)).encode()).hexdigest()


def all_that_match(page: Page, table: Table) -> Selection:
    """The keys of all rows that match, up to `MOST`."""
    wanted = replace(table.everything(page.asked), only_keys=True)
    items = table.rows(page, wanted).items
    return Selection([str(item[table.key]) for item in items[:MOST]], max(0, len(items) - MOST), all=True)


def selection_of(page: Page, table: Table) -> Selection:
    """The rows that the form means. SelectionChangedError where another number matches than the list said."""
    if page.sent.get("all") == "yes":
        found = all_that_match(page, table)
        expected = page.sent.get("all_count", "")
        if expected.isdecimal() and int(expected) != len(found.keys) + found.beyond:
            raise SelectionChangedError
        return found
    named = list(dict.fromkeys(page.sent.getlist("key")))
    return Selection(named[:MOST], max(0, len(named) - MOST))


def read_rows(page: Page, table: Table, keys: Iterable[str]) -> list[Item]:
    """The rows of keys that are still there and still match, in the order of the keys."""
    wanted = list(keys)
    rows = table.rows(page, table.everything(page.asked, wanted))
    known = {str(item[table.key]): item for item in rows.items}
    return [known[key] for key in wanted if key in known]
