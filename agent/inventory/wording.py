"""The small grammars that all layouts share: absent values, tags, counts, states, UDIs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.inventory.models import Udi
from agent.inventory.reasons import Note

_ABSENT = frozenset({
    "", "-", "--", "---", "null", "nullptr", "none", "<none>", "<empty>", "empty", "n/a", "na", "not available",
    "<null>", "(null)", "unknown", "not set", "not configured",
})  # fmt: skip
_MASKED = re.compile(r"[xX*#?]{3,}|.*[*\ufffd].*|.*(?:redacted|removed|masked|anonymi[sz]ed).*|<[^<>]*>", re.IGNORECASE)
_HEX = "[0-9a-fA-F]"
_UUID = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_MASKED_UUID = re.compile(r"[0-9a-fA-FxX*]{6,8}-[xX*]{3,4}-|0{8}-0{4}-|x{8}")
_FULL = re.compile(rf"regid\.\d{{4}}-\d{{2}}\.[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?,[A-Za-z0-9.]+_{_UUID}")
_REGID = re.compile(r"regid\.\d{4}-\d{2}\.[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_SHORT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.+/-]{0,126}[A-Za-z0-9+])?")
_NUMBER = re.compile(r"\d{1,9}")
_UNCOUNTED = frozenset({"non-counted", "uncounted", "unlimited", "not counted", "noncounted"})
_CODE = re.compile(r"\s*\(\d{1,3}\)\s*$")
_MOMENT = re.compile(r"\s+(?:on|as of)\s+.*$", re.IGNORECASE)

_UDI_KEY = re.compile(
    r"(?:(?<=^)|(?<=[,;\s]))(PID|P|SN|S/N|SERIAL|S|VID|V|UUID|U|SUVI|HOST ?IDENTIFIER|HOSTID|H|MAC(?: ?ADDRESS)?|M)"
    r"\s*[:=]\s*",
    re.IGNORECASE,
)
_UDI_FIELD = {
    "pid": "pid", "p": "pid", "sn": "serial", "s/n": "serial", "serial": "serial", "s": "serial", "vid": "vid",
    "v": "vid", "uuid": "uuid", "u": "uuid", "suvi": "suvi", "hostidentifier": "host_identifier",
    "hostid": "host_identifier", "h": "host_identifier", "mac": "mac_address", "macaddress": "mac_address",
    "m": "mac_address",
}  # fmt: skip
_PID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _./+=-]{0,253}[A-Za-z0-9+=/_.-])?")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+:-]{0,254}")
_UUID_VALUE = re.compile(rf"{_UUID}|{_HEX}{{32}}")


def value_of(text: str | None) -> str | None:
    """The text, or None where the device prints a word for "nothing"."""
    if text is None:
        return None
    bare = text.strip().strip("'\"").strip()
    return None if bare.lower() in _ABSENT else bare


@dataclass(frozen=True, slots=True)
class TagText:
    """A text in the place of a tag: the tag in it, the text itself, and what is wrong with it."""

    tag: str | None
    printed: str | None
    notes: tuple[Note, ...] = ()


def read_tag(text: str | None) -> TagText:
    """Take a tag as it stands, or not at all."""
    printed = value_of(text)
    if printed is None:
        return TagText(None, None)
    if printed.endswith(("...", "..", "…")):
        return TagText(None, printed, (Note.TRUNCATED_NAME,))
    if printed.lower().startswith("regid"):
        if _FULL.fullmatch(printed) or (_REGID.fullmatch(printed) and "," not in printed):
            return TagText(printed, printed) if not _masked_tag(printed) else _masked(printed)
        return _masked(printed) if _masked_tag(printed) else TagText(None, printed, (Note.MALFORMED_TAG,))
    if "regid." in printed:
        return TagText(None, printed, (Note.MALFORMED_TAG,))
    if _MASKED.fullmatch(printed):
        return _masked(printed)
    return TagText(printed if _SHORT.fullmatch(printed) else None, printed)


def _masked(printed: str) -> TagText:
    return TagText(None, printed, (Note.MASKED_VALUE,))


def _masked_tag(printed: str) -> bool:
    tail = printed.rsplit("_", 1)[-1]
    return bool(_MASKED_UUID.match(tail)) or "*" in printed


def read_count(text: str | None) -> tuple[int | None, tuple[Note, ...]]:
    """A whole number, or None; a text that is neither number nor "nothing" gets a note."""
    printed = value_of(text)
    if printed is None or printed.lower() in _UNCOUNTED:
        return None, ()
    if _NUMBER.fullmatch(printed):
        return int(printed), ()
    return None, (Note.UNREADABLE_COUNT,)


def state_of(text: str | None) -> str | None:
    """A state without its number in brackets and without its moment."""
    printed = value_of(text)
    if printed is None:
        return None
    return value_of(_MOMENT.sub("", _CODE.sub("", printed)))


def restricted_of(export_status: str | None, enforcement: str | None) -> bool | None:
    """Is the licence export-restricted, by what the device itself says?"""
    if (enforcement or "").upper().startswith("EXPORT RESTRICTED"):
        return True
    words = (export_status or "").upper().replace("_", " ")
    if words.startswith(("NOT RESTRICTED", "NON RESTRICTED", "UNRESTRICTED")):
        return False
    return True if words.startswith("RESTRICTED") else None


def read_udi(text: str) -> tuple[Udi | None, tuple[Note, ...]]:
    """Take a printed identity apart; None where it is not one, with a note where it is a damaged one."""
    text = text.strip()
    keys = list(_UDI_KEY.finditer(text))
    if not keys or keys[0].start() != 0:
        return None, ()
    found: dict[str, str] = {}
    notes: set[Note] = set()
    for index, key in enumerate(keys):
        end = keys[index + 1].start() if index + 1 < len(keys) else len(text)
        part = _UDI_FIELD[key.group(1).lower().replace(" ", "")]
        raw = value_of(text[key.end() : end].strip().rstrip(",;").strip())
        if raw is None:
            continue
        if part in found and found[part] != raw:
            return None, (Note.MALFORMED_UDI,)
        if is_masked(raw):
            notes.add(Note.MASKED_VALUE)
        elif not valid_part(part, raw):
            return None, (Note.MALFORMED_UDI,)
        else:
            found[part] = raw
    return (Udi(**found) if found else None), tuple(sorted(notes))


def is_masked(text: str) -> bool:
    """Was this value made unreadable before the output was saved?"""
    return bool(_MASKED.fullmatch(text)) or bool(_MASKED_UUID.match(text))


def valid_part(part: str, raw: str) -> bool:
    """Has this part of a UDI the form that such parts have?"""
    if part == "uuid":
        return bool(_UUID_VALUE.fullmatch(raw))
    return bool((_PID if part == "pid" else _PLAIN).fullmatch(raw))


def udi_from_parts(parts: dict[str, str | None]) -> tuple[Udi | None, tuple[Note, ...]]:
    """An identity whose parts stand in fields of their own."""
    found: dict[str, str] = {}
    notes: set[Note] = set()
    for part, text in parts.items():
        raw = value_of(text)
        if raw is None:
            continue
        if is_masked(raw):
            notes.add(Note.MASKED_VALUE)
        elif valid_part(part, raw):
            found[part] = raw
        else:
            notes.add(Note.MALFORMED_UDI)
    if Note.MALFORMED_UDI in notes or not (found.keys() - {"vid"}):
        return None, tuple(sorted(notes))
    return Udi(**found), tuple(sorted(notes))
