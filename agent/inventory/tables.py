"""Licence entries as outputs print them in tables: the summary, the features of switches, the platform of routers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from agent.inventory.codes import Basis, Note
from agent.inventory.entries import make_licence, opening
from agent.inventory.model import Draft, Licence
from agent.inventory.states import pair_of

_CELL_TAIL = re.compile(r"\) {1,200}(?P<count>\d{1,9}|-)(?: {1,200}(?P<status>\S.*))?")
_TAG_TAIL = re.compile(r"(?P<shown>regid\.\S{1,400}) {1,200}(?P<count>\d{1,9}|-)(?: {1,200}(?P<status>\S.*))?")
_PLAIN_TAIL = re.compile(r"(?P<count>\d{1,9}|-) {1,200}(?P<status>[A-Za-z].*)")
_FEATURE_ROW = re.compile(
    r"(?P<name>[A-Za-z0-9_.+/-]{1,128}) +(?P<ins>Yes|No) +(?P<count>-|\d{1,9}) +(?P<status>In use|Unused|Not in use|Not Applicable)\b.*",
    re.IGNORECASE,
)
_SHORT_ROW = re.compile(r"[A-Z0-9_.+/-]{3,128} +(?:Yes|No)\b.*", re.IGNORECASE)
_REPORT_ROW = re.compile(r"\d{9,11} +(?:OPEN|CLOSED|ACK|DELETED|UNACK|PENDING) +\S +(\S.*)")


def _heading(line: str, *words: str) -> bool:
    return " ".join(line.lower().split()).startswith(" ".join(words))


def summary_rows(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The table of a summary; names may be cut, name and tag may run together, a long name may stand alone."""
    for start, line in enumerate(lines):
        if _heading(line, "license entitlement tag count"):
            yield from _summary(lines, start + 1, draft)


def _summary(lines: list[str], start: int, draft: Draft) -> Iterator[Licence]:
    held, opened = "", True
    for index in range(start, len(lines)):
        line = lines[index]
        plain = line.strip()
        if not plain or set(plain) <= {"-"}:
            if held and opened and not held.lower().startswith("no "):
                draft.note(Note.UNKNOWN_LAYOUT)
            held, opened = "", opened and bool(plain)
            continue
        row = _row(plain)
        if row is None:
            if held or plain.startswith("(") or "(" in plain:
                draft.note(Note.WRAPPED_VALUE)
            if _heading(line, "license entitlement tag count") or pair_of(line) is not None or set(plain) <= {"="}:
                rest = takewhile(str.strip, lines[index + 1 :])
                if any(_row(below.strip()) is not None and "(" in below for below in rest):
                    draft.note(Note.UNKNOWN_LAYOUT)
                return
            if held and opened:
                draft.note(Note.UNKNOWN_LAYOUT)
            held = plain
            continue
        name, shown, values = row
        if held and name:
            draft.note(Note.WRAPPED_VALUE)
        yield make_licence(draft, name or held, shown, values)
        held = ""


def _row(plain: str) -> tuple[str, str | None, dict[str, str]] | None:
    tail = next((found for found in _CELL_TAIL.finditer(plain) if found.end() == len(plain)), None)
    if tail is not None:
        opened = opening(plain, tail.start())
        if opened is None:
            return None
        return plain[:opened].strip(), plain[opened + 1 : tail.start()].strip(), _values(tail)
    at = plain.find("regid.")
    tag = _TAG_TAIL.fullmatch(plain, at) if at >= 0 else None
    if tag is not None:
        return plain[:at].strip(), tag["shown"], _values(tag)
    name, gap, rest = plain.partition("  ")
    other = _PLAIN_TAIL.fullmatch(rest.strip()) if gap else None
    return (name, None, _values(other)) if other is not None else None


def _values(found: re.Match[str]) -> dict[str, str]:
    return {"count": found["count"], "status": found["status"] or ""}


_QUIET = ("no ", "<none>", "evaluation", "license authorization status", "last ", "note:")


def note_unread_usage(lines: list[str], draft: Draft) -> None:
    """Name a section of usage of which no entry could be read, for it is in no layout that is known."""
    for start, line in enumerate(lines):
        if line.strip().lower().rstrip(":") not in {"license usage", "licenses in use"}:
            continue
        for below in lines[start + 1 :]:
            plain = below.strip()
            if not plain or set(plain) <= {"-", "="}:
                continue
            known = (
                plain.lower().startswith(_QUIET)
                or (plain.endswith(":") and below[:1] != " ")
                or _heading(below, "license entitlement tag")
            )
            if (
                not known
                and (pair_of(below) is None or below[:1] in {" ", "("})
                and not plain.startswith(("Product Info", "Agent Ver", "UDI"))
            ):
                draft.note(Note.UNKNOWN_LAYOUT)
            break


def feature_table(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The feature table of data-centre switches: installed, counted, used."""
    start = next((i for i, line in enumerate(lines) if _heading(line, "feature ins lic status")), None)
    inside = True
    for line in lines[start + 1 :] if start is not None else ():
        found = _FEATURE_ROW.fullmatch(line.strip())
        if found is None and inside and _SHORT_ROW.fullmatch(line.strip()):
            draft.note(Note.UNKNOWN_LAYOUT)
        inside = inside and bool(line.strip())
        if found is not None:
            values = {"count": found["count"], "status": " ".join(found["status"].split())}
            yield make_licence(draft, found["name"], found["name"], values, Basis.FEATURE)


def platform_rows(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """Routers: features, entitlements and two counts, of the last collection and of the next report."""
    for start, line in enumerate(lines):
        if not line.lower().startswith("feature/area") or "entitlement" not in line.lower():
            continue
        rule = lines[start + 1] if start + 1 < len(lines) else ""
        columns = [(mark.start(), mark.end()) for mark in re.finditer(r"=+", rule)]
        if len(columns) != 4:
            continue
        for index in range(start + 2, len(lines)):
            row = lines[index]
            last, coming = row[columns[2][0] : columns[2][1]].strip(), row[columns[3][0] :].strip()
            name = row[columns[1][0] : columns[2][0]].strip()
            if not name or not last.isdecimal() or not coming.isdecimal():
                break
            if last != coming:
                draft.note(Note.CONFLICTING_COUNT)
            values = {"count": last if last == coming else "", "description": row[: columns[1][0]].strip()}
            yield make_licence(draft, name, name, values)


def feature_names(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The table `Feature name  Enforcement  Evaluation …`."""
    start = next((i for i, line in enumerate(lines) if _heading(line, "feature name enforcement evaluation")), None)
    for line in lines[start + 1 :] if start is not None else ():
        cells = line.split()
        if len(cells) >= 5 and {cell.lower() for cell in cells[1:]} <= {"yes", "no"}:
            enabled = cells[4].lower() == "yes"
            values = {"status": "enabled" if enabled else "not enabled"}
            yield make_licence(draft, cells[0], cells[0], values, Basis.FEATURE)


def report_rows(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The list of usage reports names features; each is one entry, however many reports it has."""
    seen = set()
    for line in lines:
        plain = line.strip()
        found = _REPORT_ROW.fullmatch(plain) if plain[:9].isdecimal() else None
        if found is not None and found[1] not in seen:
            seen.add(found[1])
            yield make_licence(draft, found[1], None, {}, Basis.REPORT)


def report_details(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """A usage report in detail names the licence that it counts."""
    seen, name = set(), None
    for line in lines:
        key, value = pair_of(line) or ("", "")
        if key == "report id":
            name = None
        elif key == "feature name":
            name = value
        elif key == "metric value" and not value:
            draft.note(Note.WRAPPED_VALUE)
        elif key == "metric value" and value.startswith("regid.") and value not in seen:
            seen.add(value)
            yield make_licence(draft, name, value, {}, Basis.REPORT)
