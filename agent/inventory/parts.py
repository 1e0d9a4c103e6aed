"""Several outputs in one text that shows no prompts between them: where one ends, and whether they are of one device.

A heading that an output prints once begins another output when it comes again. The same output twice counts once.
Outputs that differ are of one device only where each says which device it is; else no one knows, and nothing is merged.
"""

from __future__ import annotations

import re
from collections import defaultdict

from agent.inventory.capture import Answer, command_of
from agent.inventory.codes import Basis, Command
from agent.inventory.entries import head_of
from agent.inventory.model import Draft, Licence

_ONCE = re.compile(
    r"Smart Licensing Tech Support info|Smart Licensing is (?:ENABLED|DISABLED)\.?|Registration:|License Authorization:"
    r"|(?:License Usage|HA UDI List|Entitlement\(s\)):?|Handle: ?\d{1,9}|(?:Store)?Index ?:? {0,8}\d{1,6}\b.*|License Level In Use:.*"
    r"|License +Entitlement tag +Count.*|Feature/Area +Entitlement.*|Feature +Ins +Lic.*|Feature name +Enforcement.*"
    r"|(?:SlotID|Device#|Switch#?|Switch/Slot.*) +PID +.*|(?:Slot# +)?License Name +Type .*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"Index ?:? {0,8}\d{1,6}\b", re.IGNORECASE)
_RULED = re.compile(r"Smart Licensing Status|Product Information|Agent Version")
_OWN = re.compile(r"(?:Product |Device |License )?UDI ?:", re.IGNORECASE)
_WHOLE = (Command.ALL, Command.TECH_SUPPORT)
_FIRST = re.compile(r"[A-Za-z(]")


def parted(answer: Answer) -> list[Answer]:
    """An answer as the outputs that it holds, one after the other."""
    found = [Answer(answer.command, answer.host)]
    seen: set[str] = set()
    for index, line in enumerate(answer.lines):
        mark = _mark(answer.lines, index, line)
        if mark is not None:
            # What is counted stands before the version of the agent, so below it another output begins.
            if mark in seen or ("Agent Version" in seen and mark.startswith("(")):
                found.append(Answer(answer.command, answer.host))
                seen = set()
            seen.add(mark)
        found[-1].lines.append(line)
    return found


def _mark(lines: list[str], index: int, line: str) -> str | None:
    plain = line.strip()
    if not plain or _FIRST.match(plain) is None:
        return None
    if _ONCE.fullmatch(plain):
        numbered = _NUMBER.match(plain)
        if numbered is not None:
            # The number is what comes again in the list of another device, whatever it names there.
            return " ".join(numbered[0].lower().split())
        return " ".join(plain.lower().split()).rstrip(":. ").replace("disabled", "enabled")
    if _RULED.fullmatch(plain) and index + 1 < len(lines) and set(lines[index + 1].strip()) == {"="}:
        return plain
    if line == plain and _OWN.match(plain):
        return "udi"
    head = head_of(lines, index, line) if plain.endswith((")", "):")) else None
    counted = head is not None and any(text.strip().startswith("Count:") for text in lines[index + 1 : index + 4])
    return f"{head}" if counted else None


class Reading:
    """What one of several outputs says, as far as it tells whether two of them are of one device."""

    def __init__(self, answer: Answer, draft: Draft) -> None:
        self.answer = answer
        self.keys = frozenset(udi.key for udi in draft.udis if udi.serial)
        self.states = (draft.registration, draft.authorization)
        self.licences: frozenset[Licence] = frozenset(draft.licences)
        self.names = frozenset(
            text
            for entry in draft.licences
            for text in (entry.name, entry.shown)
            if text and "..." not in text and entry.basis in {Basis.USAGE, Basis.FEATURE}
        )
        self.kind = command_of(answer.command) or draft.command
        self.says = (frozenset(draft.udis), frozenset(draft.members), self.states, self.licences, draft.product_tag)
        self.empty = not (self.keys or draft.members or any(self.states) or self.licences)


def distinct(readings: list[Reading]) -> list[Reading]:
    """The readings without those that say again what one of the same host and kind has said."""
    found: dict[object, Reading] = {}
    for number, reading in enumerate(readings):
        same = number if reading.empty else (reading.answer.host, reading.kind, reading.says)
        found.setdefault(same, reading)
    return list(found.values())


def doubtful(readings: list[Reading]) -> bool:
    """Whether outputs without prompts contradict each other, and not each of them says which device it is of."""
    asked = [reading for reading in readings if not reading.answer.host and not reading.empty]
    kinds: dict[object, list[Reading]] = defaultdict(list)
    for reading in asked:
        kinds[reading.kind].append(reading)
    groups = [group for group in kinds.values() if len({reading.says[2:4] for reading in group}) > 1]
    for place in (0, 1):
        told = [reading for reading in asked if reading.states[place]]
        groups += [told] if len({reading.states[place] for reading in told}) > 1 else []
    named = [reading for reading in asked if reading.names]
    common = frozenset[str]().union(*(reading.names for reading in named))
    for reading in named:
        common &= reading.names
    groups += [named] if len(named) > 1 and not common else []
    bare = [reading for reading in asked if reading.kind in _WHOLE and not reading.licences]
    # An output that shows everything and no licence contradicts one that shows some.
    groups += [bare + named] if bare and named else []
    return any(not reading.keys for group in groups for reading in group)
