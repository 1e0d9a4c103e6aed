"""What a log puts on the lines of an output, before them, behind them and between them; and lines that were joined.

A stamp that most lines carry is taken off. A message of the system's log is not a part of the output: a line of its own is
left out; one that interrupts a line leaves what is before it only where that is certain to be whole.
"""

from __future__ import annotations

import re
from itertools import pairwise, takewhile

from agent.inventory.codes import Note
from agent.inventory.model import Draft
from agent.inventory.whole import ends_whole

MOST_LINE = 500
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_OFFSET = r"Z|[+-]\d{2}:?\d{2}| ?[+-]\d{4}"
_ZONE = rf"(?:{_OFFSET}| (?!IN\b|ID\b|SN\b|NO\b)[A-Z]{{2,5}}(?![A-Za-z0-9_:(]))"
_DATE = (
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{4}} {_MONTH} {{1,2}}\d{{1,2}}|\d{{1,2}}[-/.](?:\d{{1,2}}|{_MONTH})[-/.]\d{{2,4}}"
    rf"|{_MONTH} {{1,2}}\d{{1,2}}(?:,? \d{{4}})?|\d{{1,2}} {_MONTH}(?: \d{{4}})?)"
)
_TIME = rf"\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,:]\d{{1,9}})?(?: ?[AP]M\b)?{_ZONE}?"
_WHEN = rf"(?:{_DATE}[T ,]{{1,2}}{_TIME}(?: \d{{4}}(?!\S))?|{_TIME}(?: {_DATE}(?: \d{{4}})?)?|\d{{10}}\.\d{{3,9}}|20\d{{6}}[T_-]\d{{6}}(?:\.\d{{1,9}})?Z?)"
_LEAD = r"(?:<\d{1,3}>(?:1 )?)?(?:\d{1,10}: ?){0,2}[*.;]?"
_STAMP = re.compile(rf"{_LEAD}[\[(]?{_WHEN}[\])]?(?: ?[|>:;,-])?(?: |\t|$)")
# The same without the name of a zone: a licence may begin with capitals too.
_STAMP_ALONE = re.compile(_STAMP.pattern.replace(_ZONE, f"(?:{_OFFSET})"))
_END_STAMP = re.compile(rf"(?: {{1,200}}|\t| ?[|;] ?)[\[(]?{_WHEN}[\])]?$")
_NUMBERED = re.compile(r"\s{0,8}(\d{1,6})(?:[:|] ?|\t| {2}|$)")
_SYSLOG = re.compile(r"[A-Za-z0-9._-]{1,64} [A-Za-z0-9._/-]{1,64}(?:\[\d{1,8}\])?: ?")
_HOST = re.compile(r"(?!UDI|PID|SN|Active|Standby|Member)[A-Za-z][A-Za-z0-9._-]{0,63}: ?")
_HEADED = re.compile(
    r"(?:UDI|PID|SN|Active|Standby|Member|Licen[cs]e|Slot|Switch|Device|Feature|Index|Smart|Product|Agent|Registration|Handle|HA)\b",
    re.IGNORECASE,
)
_PROCESS = re.compile(r"[A-Za-z0-9._-]{1,64} [A-Za-z0-9._/-]{1,64}\[\d{1,8}\]: ")
_FACILITY = re.compile(r"%[A-Z][A-Z0-9_]{1,31}(?:-[A-Z0-9_]{1,31}){0,3}-[0-7]-[A-Z0-9_]{2,48} ?: ?")
# What is before the facility in a message: number, mark of the clock, time, host, process, the card that speaks.
_BEFORE = re.compile(
    rf"(?:<\d{{1,3}}>(?:1 )?)?(?:\d{{1,10}}: ?){{0,2}}(?:[A-Za-z][\w./-]{{0,63}}: ?){{0,2}}[*.]?(?:[\[(]?{_WHEN}[\])]?(?:: ?| |$))?"
    r"(?:[A-Za-z0-9][\w./-]{0,63}(?:\[\d{1,8}\])?(?:: ?| )){0,3}(?:: ?)?\Z"
)
_MESSAGE_START = re.compile(
    rf"(?:(?:<\d{{1,3}}>)?\d{{1,10}}: ?(?:\d{{1,10}}: ?)?(?:[A-Za-z][\w.-]{{0,63}}: ?)?)?[*.]?{_WHEN}(?:: ?| )"
)
# A number or a time since the start that stands right behind letters: they are of a line that the message broke off.
_GLUED = re.compile(r"[A-Za-z](?:0\d{5}|\d{1,3}[wyd]\d{1,2}[dwh]|(?<!\dT)\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?): ")
_OTHER_MESSAGE = re.compile(
    rf"[*.]?{_WHEN}: (?=\S)|{_MONTH} {{1,2}}\d{{1,2}} \d{{2}}:\d{{2}}:\d{{2}} [A-Za-z0-9._-]{{1,64}} [A-Za-z0-9._/-]{{1,64}}: |Message from syslogd@"
)
_QUOTES = ("> ", ">", "| ", "|", "! ", "!", "# ")
_DASHED = re.compile(r"(?<=[^\s=-])\s{0,200}(-{10,}|={10,})(?=\s|$)|^\s{0,80}(-{10,}|={10,})(?=\s{1,200}[^\s=-])")
_HEADS = re.compile(
    r"License +Entitlement tag +Count +Status|Feature name +Enforcement +Evaluation[\w /]{0,80}?Enabled(?: +RightToUse)?"
    r"|Feature +Ins +Lic +Status(?: +Expiry Date)?(?: +Comments)?|(?:SlotID|Device#|Switch#?) +PID +(?:VID +)?SN(?: +UDI)?"
    r"|(?:Slot# +)?License Name +Type +Count(?: +Period left)?|Slot# +License Name +Type +usage-duration\(y:m:d\) +In-Use(?: +EULA)?",
    re.IGNORECASE,
)
_HEAD_WORDS = ("tag", "enforcement", " ins ", "pid", "license name")


def to_lines(text: str, draft: Draft) -> list[str]:
    """The lines of a text without the marks and messages that a log puts there; lines of data keep any length."""
    lines = [line.expandtabs(8).rstrip() if len(line) <= MOST_LINE else line for line in text.split("\n")]
    lines = _without_numbers(_without_quotes(lines))
    lines = _without_same_start(_without_end_stamps(_without_stamps(lines)))
    lines = _without_messages(lines, draft)
    return [part for line in lines for part in _parted(line)]


def _filled(lines: list[str]) -> list[str]:
    return [line for line in lines if line]


def _without_quotes(lines: list[str]) -> list[str]:
    filled = _filled(lines)
    if len(filled) < 3:
        return lines
    for quote in _QUOTES:
        bare = quote.rstrip()
        if all(line.startswith(quote) or line == bare for line in filled):
            return _without_quotes([line[len(quote) :] for line in lines])
    if all(len(line) > 1 and line[0] == '"' and line.rstrip(",").endswith('"') for line in filled):
        return [line.rstrip(",")[1:-1] for line in lines]
    return lines


def _without_numbers(lines: list[str]) -> list[str]:
    filled = _filled(lines)
    found = [_NUMBERED.match(line) for line in filled]
    marks = [int(mark[1]) for mark in found if mark is not None]
    rising = all(first < second for first, second in pairwise(marks))
    if len(marks) < 3 or len(marks) * 10 < len(filled) * 9 or not rising:
        return lines
    return [line[mark.end() :] if (mark := _NUMBERED.match(line)) else "" for line in lines]


def _without_stamps(lines: list[str]) -> list[str]:
    filled = _filled(lines)
    stamped = sum(_STAMP.match(line) is not None for line in filled)
    if stamped < 3 or stamped * 5 < len(filled) * 4:
        return lines
    # The name of a zone stands in every stamp or in none.
    in_every = all(mark[0] != alone[0] for line in filled if (mark := _STAMP.match(line)) and (alone := _alone(line)))
    form_of = _STAMP.match if in_every else _alone
    lines = [line[mark.end() :] if (mark := form_of(line)) else line for line in lines]
    for form in (_SYSLOG, _FACILITY, _HOST):
        lines = _without_head(lines, form)
    return lines


def _alone(line: str) -> re.Match[str] | None:
    return _STAMP_ALONE.match(line)


def _without_same_start(lines: list[str]) -> list[str]:
    """The lines without the words or marks that every one begins with: the name of a host, a level, a quotation."""
    filled = _filled(lines)
    if len(filled) < 5:
        return lines
    first, last = min(filled), max(filled)  # what these two begin with, all others do
    start = first[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))].rstrip()
    while start and any(line[len(start) : len(start) + 1] not in {"", " "} for line in filled):
        start = start.rpartition(" ")[0].rstrip()
    if not start.strip() or _HEADED.match(start.strip()):
        return lines
    return [line[len(start) :].removeprefix(" ") for line in lines]


def _without_head(lines: list[str], form: re.Pattern[str]) -> list[str]:
    """The lines without the name of host, process or facility that is before each of them."""
    filled = _filled(lines)
    heads = [mark[0].strip() for line in filled if (mark := form.match(line)) is not None]
    if len(set(heads)) != 1 or len(heads) * 5 < len(filled) * 4:
        return lines
    head = heads[0]
    return [line.removeprefix(head).removeprefix(" ") if line.startswith(head) else line for line in lines]


def _without_end_stamps(lines: list[str]) -> list[str]:
    filled = _filled(lines)
    stamped = sum(
        (line.count(":", -60) >= 2 or line[-3:-1].isdigit()) and _END_STAMP.search(line[-80:]) is not None
        for line in filled
    )
    if stamped < 3 or stamped * 5 < len(filled) * 4:
        return lines
    return [_END_STAMP.sub("", line) if len(line) <= MOST_LINE else line for line in lines]


def _without_messages(lines: list[str], draft: Draft) -> list[str]:
    """The lines without messages of the system's log: those that stand alone, and those that interrupt a line."""
    found: list[str] = []
    broken: str | None = None
    for line in lines:
        if broken is not None and _continues(line, broken):
            broken = None
            continue
        broken = None
        if len(line) > MOST_LINE or ("%" not in line and "]:" not in line):
            other = ":" in line[:40] and _OTHER_MESSAGE.match(line)
            if other and line[other.end() :].strip():
                draft.note(Note.INTERRUPTED_LINE)
            found += [] if other else [line]
            continue
        stamp = _STAMP.match(line)
        if stamp is not None and _PROCESS.match(line, stamp.end()):
            continue
        mark = _FACILITY.search(line)
        if mark is None:
            found.append(line)
        elif _BEFORE.match(line[: mark.start()]) is None or _GLUED.search(line, 0, mark.start()):
            kept = _uninterrupted(line[: mark.start()])
            if kept is None:
                draft.note(Note.INTERRUPTED_LINE)
                broken = line
            found.append(kept or "")
    return found


def _continues(line: str, broken: str) -> bool:
    """Whether a line is the rest of one that a message broke off: no value of it is certain."""
    if not line or not (line[0].isalnum() or line[0] in "_>") or _HEADED.match(line) or line.endswith(":"):
        return False
    return broken[0] == " " or ":" not in line


def _uninterrupted(before: str) -> str | None:
    """What is before a message on its line, where that is whole: the message may have taken the place of more."""
    start = next((match.start() for match in _MESSAGE_START.finditer(before)), len(before))
    text = before[:start].rstrip()
    if not text:
        return ""
    return text if ends_whole(text) else None


def _parted(line: str) -> list[str]:
    """A line of which a heading, a rule or the first row of a table lost its line end, as the lines that they are."""
    if len(line) > MOST_LINE or line.lstrip()[:1] in {"{", "[", "<"}:
        return [line]
    head = _HEADS.search(line) if any(word in line.lower() for word in _HEAD_WORDS) else None
    if head is None and "-" * 10 not in line and "=" * 10 not in line:
        return [line]
    parts = [line]
    if head is not None:
        before, after = line[: head.start()], line[head.end() :]
        if before.strip(" -=") or after.strip():
            parts = [before, " " * head.start() + head[0], after]
    return [
        piece for part in parts for piece in _DASHED.sub(r"\n\1\2\n", part).split("\n") if piece.strip() or part is line
    ]
