"""What a browser calls itself, in few words: the name and number of the browser, and the system."""

from __future__ import annotations

import re

from serverkit.web.texts import Words, _

_BROWSERS = (
    ("Edge", re.compile(r"\bEdgA?(?:iOS)?/(\d+)")),
    ("Opera", re.compile(r"\bOPR/(\d+)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:\b|Headless)(?:Chrome|Chromium|CriOS)/(\d+)")),
    ("Safari", re.compile(r"\bVersion/(\d+)\S* (?:Mobile/\S+ )?Safari/")),
)
"""The first that fits: most browsers also name those whose pages they can show."""
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_PRODUCT = re.compile(r"([^\s/()]{1,40})/(\d{1,6})")


def browser_words(agent: str) -> Words:
    """A browser and its system, such as `Firefox 130, Windows`; a program by its name; else what it says, cut."""
    found = next(((name, number[1]) for name, form in _BROWSERS if (number := form.search(agent))), None)
    if found is None:
        program = _PRODUCT.match(agent)
        if program is None or program[1] == "Mozilla":
            return agent[:40] or _("unknown")
        found = program[1], program[2]
    system = next((words for mark, words in _SYSTEMS if mark in agent), "")
    return f"{found[0]} {found[1]}, {system}" if system else f"{found[0]} {found[1]}"
