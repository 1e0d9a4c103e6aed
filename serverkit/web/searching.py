"""What the search of both consoles finds beside their own things: pages of the menu, and codes that the help explains."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from serverkit.web.console import Found, NavItem, SignedIn
from serverkit.web.help_pages import help_folder
from serverkit.web.texts import _

_CODE = re.compile(r"[a-z][a-z0-9_]{2,63}")
_ROW = re.compile(r"^\| `([a-z][a-z0-9_]*)` \|", re.MULTILINE)


def found_pages(navigation: Sequence[NavItem], who: SignedIn, text: str) -> list[Found]:
    """The pages of the menu that are called so, as far as the person may open them."""
    wanted = text.casefold()
    return [
        Found(item.label, item.path, _("Pages"))
        for item in navigation
        if wanted in str(item.label).casefold() and (item.permission is None or item.permission in who.permissions)
    ]


def found_codes(text: str, *pages: str) -> list[Found]:
    """The code of an error or cause, at its row of these pages of the help."""
    code = text.strip().lower()
    if not _CODE.fullmatch(code):
        return []
    return [Found(code, f"/help/{page}#{code}", _("Help")) for page in pages if code in _codes(page)]


@cache
def _codes(page: str) -> frozenset[str]:
    return frozenset(_ROW.findall((help_folder() / f"{page}.md").read_text(encoding="utf-8")))
