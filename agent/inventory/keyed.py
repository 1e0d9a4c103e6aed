"""Licence entries of the generation with licence keys: features, stores, right-to-use, files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.inventory.codes import Basis, Note
from agent.inventory.entries import fields_of, make_licence
from agent.inventory.identities import make_identity
from agent.inventory.model import Draft, Licence
from agent.inventory.states import pair_of

_INDEXED = re.compile(r"(?:Store)?Index ?:? {0,8}\d{1,6} +Feature ?: ?(\S{1,128})(?: .*)?", re.IGNORECASE)
_INDEX_ONLY = re.compile(r"Index ?:? {0,8}\d{1,6}", re.IGNORECASE)
_COUNTED = re.compile(r"(\d{1,9})(?:\s*/\s*(\d{1,9}))?(?:\s*/\s*\d{1,9})?\s*(\([^()]{0,60}\))?")
_FEATURE_LINE = re.compile(r"INCREMENT (\S{1,128}) \S{1,64} \S{1,32} \S{1,32} (\d{1,9}|uncounted)\b.*")
_KEPT = re.compile(
    r"(?P<name>[A-Za-z][\w.+-]{0,63}) +(?P<type>[A-Za-z-]{1,32}) +(?P<count>\d{1,9}|N/A)(?: +(?P<left>\S.*))?",
    re.IGNORECASE,
)
_TIMED = re.compile(
    r"(?P<name>[A-Za-z][\w.+-]{0,63}) +(?P<type>[A-Za-z-]{1,32}) +\d{1,4} {0,3}: {0,3}\d{1,4} {0,3}: {0,3}\d{1,4} +(?P<used>yes|no)(?: +\S.*)?",
    re.IGNORECASE,
)


def indexed_features(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """`Index 1 Feature: name` and `StoreIndex: 0 Feature: name` entries, the name on the line or on the next one."""
    heads = [(index, name) for index, line in enumerate(lines) if (name := _name_at(lines, index, line)) is not None]
    for position, (index, name) in enumerate(heads):
        stop = heads[position + 1][0] if position + 1 < len(heads) else len(lines)
        values = fields_of(lines, index + 1, stop)
        picked = {
            "count": _count(values.get("license count", "")),
            "status": values.get("license state", ""),
            "license type": values.get("license type", ""),
        }
        yield make_licence(draft, name, name, picked, Basis.FEATURE)


def _name_at(lines: list[str], index: int, line: str) -> str | None:
    plain = line.strip()
    if "ndex" not in plain[:10].lower():
        return None
    whole = _INDEXED.fullmatch(plain)
    if whole is not None:
        return whole[1]
    if _INDEX_ONLY.fullmatch(plain) and index + 1 < len(lines):
        key, colon, value = lines[index + 1].strip().partition(":")
        if colon and key.lower() in {"license name", "feature"} and value.strip():
            return value.split()[0]
    return None


def _count(text: str) -> str:
    """The number in use; `12/10/0 (Active/In-use/Violation)` says by its words which one that is."""
    found = _COUNTED.fullmatch(text.strip())
    if found is None:
        return ""
    words = (found[3] or "").lower().strip("()").split("/")
    if "in-use" in words and words.index("in-use") == 1 and found[2] is not None:
        return found[2]
    return found[1] if found[2] is None or words[0] == "in-use" else ""


def right_to_use(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """The tables `License Name  Type  Count  Period left` and `… usage-duration  In-Use`, with or without slots."""
    for start, line in enumerate(lines):
        head = " ".join(line.lower().split())
        slotted = head.startswith("slot# ")
        if head.removeprefix("slot# ").startswith(("license name type count", "license name type usage-duration")):
            yield from _kept_rows(lines[start + 1 :], draft, slotted=slotted)


def _kept_rows(lines: list[str], draft: Draft, *, slotted: bool) -> Iterator[Licence]:
    begun = False
    for line in lines:
        plain = line.strip()
        if set(plain) <= {"-"}:
            if begun and not plain:
                return
            continue
        slot, _, rest = plain.partition(" ")
        row = rest.strip() if slotted and slot.isdigit() else plain
        found = (_TIMED.fullmatch(row) or _KEPT.fullmatch(row)) if slotted == slot.isdigit() else None
        if found is None:
            if pair_of(line) is None:
                draft.note(Note.UNKNOWN_LAYOUT)
            return
        begun = True
        told = found.groupdict()
        status = {"yes": "in use", "no": "not in use"}.get((told.get("used") or "").lower(), "")
        values = {"count": told.get("count") or "", "license type": told["type"], "status": status}
        yield make_licence(draft, told["name"], told["name"], values, Basis.FEATURE)


def licence_files(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """Licence files of data-centre switches: what each line grants, and the chassis that the file is for."""
    hosts = {udi.serial for udi in draft.udis}
    for line in lines:
        found = (
            _FEATURE_LINE.fullmatch(line.strip().rstrip("\\").rstrip())
            if line.lstrip().startswith("INCREMENT ")
            else None
        )
        if found is not None:
            yield make_licence(draft, found[1], found[1], {"count": found[2]}, Basis.FEATURE)
        host = re.search(r"HOSTID=VDH=(\S{1,64})", line) if "HOSTID=VDH=" in line else None
        if host is not None and host[1] not in hosts:
            hosts.add(host[1])
            udi = make_identity(draft, None, host[1], host=host[1])
            draft.udis += [udi] if udi is not None else []
