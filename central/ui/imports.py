"""Files that the vendor imports: chosen, shown line by line with the verdict of each, then imported as they were shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from serverkit.web.answers import Shown
from serverkit.web.columns import Item, StateWords
from serverkit.web.page import Page
from serverkit.web.texts import Words
from serverkit.web.uploads import PACKED_LETTERS, packed

SHOWN = 1000
MOST_BYTES = 9 * 1024 * 1024
MOST_FORM_BYTES = 2 * 1024 * 1024


class Carried(BaseModel):
    """A file that was shown, and comes back to be imported."""

    content: str = Field(max_length=PACKED_LETTERS)


@dataclass(frozen=True)
class Check:
    """The page that shows what an import would do. `words` tells a verdict, `what` the thing of a line, `says` more of it."""

    name: str
    title: Words
    path: str
    back: str
    nav: str
    words: Mapping[str, StateWords]
    what: Callable[[Item], Words]
    says: Callable[[Item], Words]
    help: str

    def shown(
        self,
        page: Page,
        data: bytes,
        found: Mapping[str, Any],
        facts: Sequence[tuple[Words, Any]],
        *,
        crumbs: tuple[tuple[Words, str], ...],
        command: str,
        hidden: Sequence[tuple[str, str]] = (),
        confirm: tuple[str, Words] | None = None,
    ) -> Shown:
        """The verdict of each line, the worst first; `confirm` is a box (name, words) that the import asks for."""
        rows = found["rows"]
        context = {
            "found": found,
            "facts_": facts,
            "lines": [(one, self.words[one["verdict"]], self.what(one), self.says(one)) for one in rows[:SHOWN]],
            "more": max(0, len(rows) - SHOWN),
            "path": self.path,
            "back": self.back,
            "content": packed(data),
            "hidden": hidden,
            "confirm": confirm,
            "confirmed": page.typed is not None and confirm is not None and confirm[0] in page.typed,
            "command": command,
        }
        return Shown(
            self.name, self.title, "import_check.html", context,
            status=200 if found["usable"] else 422, crumbs=crumbs, nav=self.nav, help=self.help,
        )  # fmt: skip
