"""Licences and their quantities in the sentences of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def quantity(count: int, one: str, many: str = "") -> str:
    """So many of something, `1 licence` or `2 licences`; `many` where it does not end in s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def units_text(counts: Mapping[str, int], titles: Mapping[str, str]) -> str:
    """Quantities of licences by their names, `2 of Advantage, 1 of Essentials`; `counts` are by tag."""
    named = sorted((titles.get(tag, tag), count) for tag, count in counts.items() if count)
    return ", ".join(f"{count} of {title}" for title, count in named)


def change_text(before: Mapping[str, int], wanted: Mapping[str, int], titles: Mapping[str, str]) -> str:
    """What a device asks for from now on, and what of its former use is free then."""
    freed = units_text(
        {tag: count - wanted.get(tag, 0) for tag, count in before.items() if count > wanted.get(tag, 0)}, titles
    )
    asked = f"requested {units_text(wanted, titles) or 'no licences any more'}"
    return f"{asked}; {freed} free again" if freed else asked


def freed_text(freed: Mapping[str, int], titles: Mapping[str, str]) -> str:
    """The end of a sentence about a device that uses nothing any more; empty where it used nothing."""
    named = units_text(freed, titles)
    return f"; {named} free again" if named else ""


def token_text(name: str, export_controlled: bool) -> str:
    """A device registered again with its key and another token."""
    return f"{name} registered again with another token: restricted functions are {'' if export_controlled else 'not '}allowed"


def usage_text(measured: Iterable[tuple[str, int]], titles: Mapping[str, str]) -> str:
    """What a device measured, the highest count of each licence: `at most 2 of Advantage`."""
    highest: dict[str, int] = {}
    for tag, count in measured:
        highest[tag] = max(count, highest.get(tag, 0))
    named = units_text(highest, titles)
    return f"at most {named}" if named else "nothing that is known here"
