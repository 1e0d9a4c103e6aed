"""What an upgrade lot replaces: the column `replaces` of an order line (row C5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from serverkit.table_file import RowError

REPLACES = "replaces"
_ONE = re.compile(r"(?P<tag>[^=;]{1,255})=(?P<to>[1-9][0-9]{0,3}):(?P<of>[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Replacement:
    """One of the ways to complete an upgrade: `upgraded` new units replace `replaced` units of the licence `tag`."""

    tag: str
    upgraded: int
    replaced: int

    @property
    def key(self) -> str:
        """How it is written, and named in commands."""
        return f"{self.tag}={self.upgraded}:{self.replaced}"

    def needed(self, quantity: int) -> int | None:
        """How many units a quantity replaces; None where the ratio does not divide it."""
        return quantity // self.upgraded * self.replaced if quantity % self.upgraded == 0 else None

    def most(self, pending: int, free: int) -> int:
        """The largest quantity that can be upgraded with so many pending and free units."""
        return min(pending // self.upgraded, free // self.replaced) * self.upgraded


def read_replacements(text: str) -> tuple[Replacement, ...]:
    """Read `TAG=UPGRADED:REPLACED;...`; RowError for anything else, and for a licence that occurs twice."""
    found: dict[str, Replacement] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = _ONE.fullmatch(part)
        if match is None:
            raise RowError("invalid_upgrade", f"{part[:80]!r} is not TAG=UPGRADED:REPLACED")
        one = Replacement(match["tag"].strip(), int(match["to"]), int(match["of"]))
        if one.tag in found:
            raise RowError("invalid_upgrade", f"{one.tag[:80]!r} occurs twice in replaces")
        found[one.tag] = one
    return tuple(found.values())
