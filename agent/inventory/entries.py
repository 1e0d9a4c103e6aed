"""Licence entries as outputs print them one below the other: handles, named blocks, entitlements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.inventory.codes import Basis, Note
from agent.inventory.model import Draft, Licence
from agent.inventory.states import pair_of
from agent.inventory.words import MASKED, SHORT_TAG, is_short_form, is_tag, looks_like_tag, number, present

_FIRST_KEYS = ("description", "count", "version", "status", "total available count", "total reserved count")
_RULE = re.compile(r"[=-]{4,}")
_ENDS = (
    "product information",
    "agent version",
    "ha udi list",
    "overall status",
    "purchased licenses",
    "derived licenses",
)
_PIECE = re.compile(r"[A-Za-z0-9_.,+/-]{1,80}")
_COUNT = re.compile(r"\s{0,40}Count: ?\d", re.IGNORECASE)
_OPEN_TAG = re.compile(r"\([^()]{0,200}\Z")
_HANDLE = re.compile(r"Handle: ?\d{1,9}")


def fields_of(lines: list[str], start: int, stop: int) -> dict[str, str]:
    """Keys and values of some lines, the first of a key; a tag broken by the line shows a blank where it broke."""
    found: dict[str, str] = {}
    for index in range(start, stop):
        pair = pair_of(lines[index])
        if pair is None or pair[0] in found:
            continue
        key, value = pair
        below = lines[index + 1].strip() if index + 1 < len(lines) else ""
        if looks_like_tag(value) and below and _PIECE.fullmatch(below):
            value = f"{value} {below}"
        found[key] = value
    return found


def make_licence(
    draft: Draft, name: str | None, shown: str | None, values: dict[str, str], basis: Basis = Basis.USAGE
) -> Licence:
    """An entry: the tag only where the text is one, whole; everything doubtful goes to the notes."""
    text, name_text = present(shown), present(name)
    tag = tag_of(text, draft)
    count = number(values.get("count"))
    if tag is None:
        draft.note(Note.LICENCE_WITHOUT_TAG)
    if count is None:
        draft.note(Note.LICENCE_WITHOUT_COUNT)
    if name_text is not None and "..." in name_text:
        draft.note(Note.TRUNCATED_NAME)
    enforcement, export = present(values.get("enforcement type")), present(values.get("export status"))
    restricted: bool | None = None
    if enforcement is not None and "EXPORT RESTRICTED" in enforcement.upper():
        restricted = True
    elif export is not None:
        restricted = not export.upper().startswith("NOT RESTRICTED")
    return Licence(
        tag=tag,
        name=name_text,
        count=count,
        status=_plain_status(values.get("status")),
        shown=text,
        description=present(values.get("description")),
        restricted=restricted,
        enforcement=enforcement,
        licence_type=present(values.get("license type")),
        version=present(values.get("version")),
        basis=basis,
    )


def tag_of(text: str | None, draft: Draft) -> str | None:
    """The tag that a text is, or None with the note that says why it is none."""
    if text is None:
        return None
    if looks_like_tag(text):
        if (is_tag(text) or is_short_form(text)) and not MASKED.search(text):
            return text
        draft.note(Note.MASKED_VALUE if MASKED.search(text) else Note.MALFORMED_TAG)
    elif "..." in text:
        draft.note(Note.TRUNCATED_NAME)
    elif MASKED.search(text) or set(text) <= set("xX*?#"):
        draft.note(Note.MASKED_VALUE)
    elif SHORT_TAG.fullmatch(text):
        return text
    return None


def _plain_status(text: str | None) -> str | None:
    value = present(text)
    return re.sub(r"\(\d{1,9}\)$", "", value).strip() if value else None


def handles(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """`Handle: 1` entries of tech support: name and tag on lines of their own."""
    starts = [
        index for index, line in enumerate(lines) if line.lstrip()[:7] == "Handle:" and _HANDLE.fullmatch(line.strip())
    ]
    for position, start in enumerate(starts):
        limit = starts[position + 1] if position + 1 < len(starts) else len(lines)
        values = fields_of(lines, start + 1, end := _end(lines, start + 1, limit))
        _note_headless(lines[start + 1 : end], draft)
        if "entitlement tag" in values or "license" in values:
            yield make_licence(draft, values.get("license"), values.get("entitlement tag"), values)


def _end(lines: list[str], start: int, limit: int) -> int:
    for index in range(start, limit):
        plain = lines[index].strip()
        if _RULE.fullmatch(plain):
            return max(start, index - 1)
        if plain.lower().startswith(_ENDS):
            return index
    return limit


def blocks(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """`Name (tag):` with description, count and status below it; rights that are installed have another count."""
    heads = [(index, head) for index, line in enumerate(lines) if (head := head_of(lines, index, line)) is not None]
    for position, (start, (name, shown)) in enumerate(heads):
        limit = heads[position + 1][0] if position + 1 < len(heads) else len(lines)
        values = fields_of(lines, start + 1, end := _end(lines, start + 1, limit))
        _note_headless(lines[start + 1 : end], draft)
        basis = Basis.USAGE
        for key, other in (("total available count", Basis.AUTHORIZATION), ("total reserved count", Basis.RESERVATION)):
            if "count" not in values and key in values:
                # The numbers of the terms below belong to each member; the total is that of the set.
                values, basis = {**values, "count": values[key], "status": ""}, other
        yield make_licence(draft, name, shown, values, basis)


def _note_headless(lines: list[str], draft: Draft) -> None:
    """Name an entry whose head could not be read: its count stands among the fields of the one before it."""
    if sum(_COUNT.match(line) is not None for line in lines) > 1:
        draft.note(Note.WRAPPED_VALUE if any(_OPEN_TAG.search(line) for line in lines) else Note.UNKNOWN_LAYOUT)


def head_of(lines: list[str], index: int, line: str) -> tuple[str, str] | None:
    """Name and tag where a line is the head `Name (tag):` of a block, or None."""
    plain = line.strip()
    body = plain[:-1].rstrip() if plain.endswith(":") else plain
    if not body.endswith(")") or (":" in body and body is plain):
        return None
    opened = opening(body, len(body) - 1)
    if opened is None:
        return None
    below = next((text.strip().lower() for text in lines[index + 1 : index + 4] if text.strip()), "")
    if not below.startswith(tuple(f"{key}:" for key in _FIRST_KEYS)):
        return None
    return body[:opened].strip(), body[opened + 1 : -1].strip()


def opening(text: str, closed: int) -> int | None:
    """Where the bracket opens that closes at a place; brackets inside it are counted."""
    depth = 0
    for index in range(closed, -1, -1):
        depth += (text[index] == ")") - (text[index] == "(")
        if depth == 0:
            return index
    return None


def entitlements(lines: list[str], draft: Draft) -> Iterator[Licence]:
    """Firewalls: a feature's name, its tag and the requested count; or the active entitlement in one line."""
    starts = [index for index, line in enumerate(lines) if line.strip().startswith("Tag: regid.")]
    for position, start in enumerate(starts):
        limit = starts[position + 1] - 1 if position + 1 < len(starts) else _end(lines, start, len(lines))
        values = fields_of(lines, start, max(limit, start + 1))
        above = next((text.strip() for text in reversed(lines[max(0, start - 2) : start]) if text.strip()), "")
        name = above[:-1] if above.endswith(":") else None
        picked = {"count": values.get("requested count", ""), "status": values.get("enforcement mode", "")}
        yield make_licence(draft, name, values.get("tag"), values | picked)
    if starts:
        return
    for line in lines:
        found = re.fullmatch(
            r"(?:Active|Requested) entitlement: ?([^,\s]{1,128}), enforce mode: (.{1,80})", line.strip()
        )
        if found is not None:
            yield make_licence(draft, None, found[1], {"status": found[2]})
