"""Sentences that are kept in English, in the language of the page: which template a sentence fills is seen by its kind.

Events and results of jobs are written in English. What fills a template is taken out of the sentence, so that those of any
age are translated. A sentence that is none of the known ones is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from string import Formatter
from typing import Any

from serverkit.web.instance_words import units_words
from serverkit.web.texts import Text, _, ngettext

FREE = _("{said}; {units} free again")
_TRANSLATED = frozenset({"why", "role", "mode", "outcome", "choice", "reason"})
"""Fields that are words of the program, not names that people gave."""
_UNITS = frozenset({"units", "more_units"})
_NUMBERS = frozenset({"count", "number"})
_QUANTITIES: Mapping[str, Callable[[int], Text]] = {
    "accounts": lambda n: ngettext("{count} account", "{count} accounts", n),
    "entitlements": lambda n: ngettext("{count} entitlement", "{count} entitlements", n),
    "grants": lambda n: ngettext("{count} grant", "{count} grants", n),
    "instances": lambda n: ngettext("{count} product instance", "{count} product instances", n),
    "licences": lambda n: ngettext("{count} licence", "{count} licences", n),
    "lots": lambda n: ngettext("{count} lot", "{count} lots", n),
    "marks": lambda n: ngettext("{count} mark", "{count} marks", n),
    "products": lambda n: ngettext("{count} product", "{count} products", n),
    "rows": lambda n: ngettext("{count} row", "{count} rows", n),
    "satellites": lambda n: ngettext("{count} satellite", "{count} satellites", n),
    "upgrades": lambda n: ngettext("{count} upgrade", "{count} upgrades", n),
}
"""Fields that are a number with its noun."""


def _forms(name: str) -> tuple[str, ...]:
    found = _QUANTITIES[name](0)
    return found.message, found.many or found.message


_PATTERNS = {
    **dict.fromkeys(_UNITS, r"\d+ of .+?"),
    **dict.fromkeys(_NUMBERS, r"\d+"),
    **{
        name: "|".join(rf"\d+{re.escape(form.removeprefix('{count}'))}" for form in _forms(name))
        for name in _QUANTITIES
    },
}


class Sentences:
    """The sentences of each kind; the first that a message fills is meant."""

    def __init__(self, by_kind: Mapping[str, Sequence[Text]]) -> None:
        """`by_kind`: templates by the kind of what is said."""
        self.by_kind = by_kind

    def find(self, kind: str, message: str) -> Text | None:
        """What a message of a kind says, to be shown in any language; None for one that is not known."""
        if kind not in self.by_kind:
            return None
        if whole := _pattern(FREE.message).fullmatch(message):
            before = self.find(kind, whole["said"])
            return Text(
                FREE.message, values={"said": before or whole["said"], "units": _shown("units", whole["units"])}
            )
        for sentence in self.by_kind[kind]:
            if match := _pattern(sentence.message).fullmatch(message):
                values = {name: _shown(name, one) for name, one in match.groupdict().items()}
                return Text(sentence.message, values=values)
        return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """A sentence with its places; what stands in one is as short as can be."""
    parts = []
    for literal, name, _form, _conversion in Formatter().parse(template):
        parts.append(re.escape(literal))
        if name is not None:
            parts.append(f"(?P<{name}>{_PATTERNS.get(name, '.+?')})")
    return re.compile("".join(parts), re.DOTALL)


def _shown(name: str, value: str) -> Any:
    if name in _UNITS:
        each = (one.partition(" of ") for one in re.split(r", (?=\d+ of )", value))
        return ", ".join(str(units_words(int(count), licence)) for count, _of, licence in each)
    if name in _QUANTITIES:
        return _QUANTITIES[name](int(value.split(" ", 1)[0]))
    return Text(value) if name in _TRANSLATED else value
