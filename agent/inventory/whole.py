"""Where a text ends: on a line that is certain to be whole, within one, or right after a heading.

No one sees from a number or a name alone whether more of it should follow. A line that has no end of its own is taken
only where its last value has a form that a shorter one has not.
"""

from __future__ import annotations

import re

from agent.inventory.codes import Note
from agent.inventory.model import Draft
from agent.inventory.words import STANDARD_SERIAL, TAG

_LAST = re.compile(r"[^\s:=,]{1,400}\Z")
_PROMPT = re.compile(r"(?:[\w.-]{1,32}@)?[A-Za-z][\w./:-]{0,63}(?:\([^()]{0,60}\))?[#>]\s?|admin:\s?")
_WORDS = (
    "in use",
    "not in use",
    "out of compliance",
    "authorized",
    "unauthorized",
    "incompliance",
    "in compliance",
    "true",
    "false",
    "disabled",
    "enabled",
    "not restricted",
    "not enforced",
    "perpetual",
    "subscription",
    "generic",
    "lifetime",
    "<none>",
    "<empty>",
    "nullptr",
)
_ENDING = re.compile(rf"(?:^|[\s:])(?:{'|'.join(map(re.escape, _WORDS))})\Z", re.IGNORECASE)
_HEADING = re.compile(
    r"[=-]{4,}|Handle: ?\d{1,9}|Index \d{1,6}|(?:[A-Z][\w/-]{0,30} ?){1,4}:|.{0,200}\):|HA UDI List:?"
    r"|(?:License Usage|Product Information|Agent Version|License Authorizations|Smart Licensing Status|License Certificates)",
    re.IGNORECASE,
)
_TABLE = re.compile(
    r"License +Entitlement tag +Count|Feature +Ins +Lic|(?:SlotID|Device#|Switch#?) +PID|License Name +Type",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"[\]}>]\Z")


def ends_whole(line: str) -> bool:
    """Whether a line that was broken off ends with a value that no longer one begins with."""
    plain = line[-1000:].strip()
    last = _LAST.search(plain[-400:])
    if _ENDING.search(plain) or _PROMPT.fullmatch(plain):
        return True
    if last is None:
        return False
    cells = plain.split()
    if len(cells) >= 3 and cells[-1] == f"{cells[-3]}:{cells[-2]}":
        return True
    tag = plain.rfind("regid.")
    return STANDARD_SERIAL.fullmatch(last[0]) is not None or (tag >= 0 and TAG.fullmatch(plain, tag) is not None)


def without_cut_line(lines: list[str], draft: Draft) -> list[str]:
    """The lines of a text that ends within a line, without that line where it may be a part of one."""
    if not lines or not lines[-1].strip() or ends_whole(lines[-1]) or _CLOSING.search(lines[-1]):
        return lines
    draft.note(Note.TRUNCATED_OUTPUT)
    return lines[:-1]


def note_open_end(lines: list[str], draft: Draft) -> None:
    """Name an output that ends with a heading, for what it announces is missing."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return
    last = filled[-1].strip()
    if _PROMPT.fullmatch(last):
        return
    ruled = len(filled) > 1 and set(last) <= {"-"} and len(last) > 3
    if (ruled and _TABLE.search(filled[-2])) or _TABLE.search(last) or (not ruled and _HEADING.fullmatch(last)):
        draft.note(Note.TRUNCATED_OUTPUT)
