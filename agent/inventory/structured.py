"""Outputs that are data: usage reports, reservation codes, answers of programming interfaces, models of state."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from xml.etree import ElementTree as ET

from agent.inventory.codes import Basis, Command, Note, Reason
from agent.inventory.entries import tag_of
from agent.inventory.identities import make_identity, read_udi
from agent.inventory.model import Draft, Licence
from agent.inventory.rum import read_report
from agent.inventory.states import bare_state
from agent.inventory.tree import read_tree
from agent.inventory.words import number, present

_OBJECT = re.compile(r"\{[^{}]*\}")
_KNOWN_XML = re.compile(
    r"<(?:[\w.-]{1,64}:)?(?:specificPLR|LicenseDetails|usage|entitlement[\w-]{0,32}|udi|state-info|licensing)[ />]"
)
MOST_PASTED = 1_000_000
MOST_DOCUMENTS = 20_000
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# Marks that a word processor or a mail program made of the quotation marks of data.
_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u00ab\u00bb\u2033"), '"') | {0xA0: " ", 0xFEFF: None, 0x200B: None}
_PYTHON = {"True": "true", "False": "false", "None": "null"}


def read_structured(text: str, draft: Draft) -> bool:
    """Read a file that is JSON or XML; False when it is neither."""
    start = text.strip()
    if "<RUMReport>" in text:
        draft.command = Command.USAGE_FILE
        for piece in text.split("<RUMReport>")[1:]:
            body, closed, _ = piece.partition("</RUMReport>")
            if closed:
                _report(body, draft)
            else:
                draft.note(Note.TRUNCATED_OUTPUT)
        return True
    if start.startswith("<") and _KNOWN_XML.search(text) and "<!DOCTYPE" not in text and "<!ENTITY" not in text:
        return _xml(start, draft)
    if start.startswith(("{", "[")):
        return _json(start, draft)
    return False


def _several(text: str) -> list[Any]:
    """Whole documents that stand one after the other, with nothing but blanks and commas between; none where one is not."""
    decoder, at = json.JSONDecoder(), 0
    found: list[Any] = []
    while at < len(text) and len(found) < MOST_DOCUMENTS:
        try:
            document, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        found.append(document)
        at = next((index for index in range(end, len(text)) if text[index] not in " \t\r\n,"), len(text))
    return found


def _unclosed(text: str) -> bool:
    """Whether data ends before all that it opened is closed."""
    bare = _STRING.sub("", text[:MOST_PASTED])
    return bare.count("{") > bare.count("}") or bare.count("[") > bare.count("]") or bare.count('"') % 2 == 1


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _report(text: str, draft: Draft) -> None:
    body = text.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip()
    found = _loads(body)
    found = found if found is not None else _loads(html.unescape(body))
    if found is None:
        draft.note(Note.MALFORMED_DATA)
    read_report(found, draft)


def _licence(draft: Draft, tag: str | None, **more: Any) -> None:
    shown = present(tag)
    taken = tag_of(shown, draft)
    if taken is None:
        draft.note(Note.LICENCE_WITHOUT_TAG)
    draft.licences.append(Licence(tag=taken, shown=shown, **more))


def _xml(text: str, draft: Draft) -> bool:
    try:
        root = ET.fromstring(text)  # noqa: S314 - documents with a DOCTYPE were turned away before
    except (ET.ParseError, ValueError):
        draft.note(
            Note.TRUNCATED_OUTPUT if not text.rstrip().endswith(">") or _open_root(text) else Note.MALFORMED_DATA
        )
        if "<specificPLR>" not in text and "<LicenseDetails>" not in text:
            return False
        return _xml_pieces(text, draft)
    if root.tag == "specificPLR":
        _reservation(root, draft)
    elif root.tag == "LicenseDetails":
        _rest_details(root, draft)
    else:
        return read_tree(_plain_tree(root), text, draft)
    return True


def _open_root(text: str) -> bool:
    root = re.search(r"<([A-Za-z][\w.:-]{0,100})[ >]", text)
    return root is not None and f"</{root[1]}>" not in text


def _plain_tree(root: ET.Element) -> Any:
    """An XML document as JSON would write it, without namespaces; one level at a time, so that depth costs no stack."""
    top: dict[str, Any] = {}
    waiting = [(root, top)]
    while waiting:
        element, parent = waiting.pop()
        name = str(element.tag).rpartition("}")[2]
        value: Any = (element.text or "").strip() if len(element) == 0 else {}
        if name in parent:
            known = parent[name]
            parent[name] = [*known, value] if isinstance(known, list) and len(known) < 1000 else [known, value]
        else:
            parent[name] = value
        waiting += [(child, value) for child in reversed(element)]
    return top


def _xml_pieces(text: str, draft: Draft) -> bool:
    reserved = "<specificPLR>" in text
    draft.command = Command.RESERVATION if reserved else Command.REST
    tag_name, count_name = ("tag", "count") if reserved else ("Id", "Count")
    pattern = rf"<{tag_name}>([^<]{{1,300}})</{tag_name}>\s{{0,100}}<{count_name}>(\d{{1,9}})</{count_name}>"
    for tag, count in re.findall(pattern, text):
        basis = Basis.RESERVATION if reserved else Basis.USAGE
        _licence(draft, tag, name=None, count=number(count), basis=basis)
    return bool(draft.licences)


def _reservation(root: ET.Element, draft: Draft) -> None:
    draft.command = Command.RESERVATION
    draft.registration = "RESERVED"
    udi = read_udi(root.findtext("udi") or "", draft)
    draft.udis += [udi] if udi else []
    for entry in root.iter("entitlement"):
        _licence(
            draft,
            entry.findtext("tag"),
            name=present(entry.findtext("displayName")),
            count=number(entry.findtext("count")),
            description=present(entry.findtext("tagDescription")),
            licence_type=present(entry.findtext("licenseType")),
            basis=Basis.RESERVATION,
        )


def _rest_details(root: ET.Element, draft: Draft) -> None:
    draft.command = Command.REST
    draft.registration = present(root.findtext("Register/Status"))
    draft.authorization = present(root.findtext("Authorization/Status"))
    text = " ".join((root.findtext("Register/ProductUDI") or "").split())[:600]
    udi = re.fullmatch(r"pid=([^=]{1,255}) sn=(\S{1,255})(?: uuid=(\S{1,64}))?", text)
    if udi is not None:
        own = make_identity(draft, udi[1], udi[2], udi[3])
        draft.udis += [own] if own is not None else []
    elif text:
        draft.note(Note.MALFORMED_IDENTITY)
    for entry in root.iter("EntitlementTag"):
        status = present(entry.findtext("Status"))
        _licence(draft, entry.findtext("Id"), name=None, count=number(entry.findtext("Count")), status=status)


def _json(text: str, draft: Draft) -> bool:
    whole = _loads(text)
    if whole is None and not text.isascii():
        whole = _loads(text.translate(_QUOTES))
    if whole is None:
        documents = _several(text)
        if len(documents) > 1:
            return _documents(documents, text, draft)
        if _unclosed(text):
            draft.note(Note.TRUNCATED_OUTPUT)
    elif isinstance(whole, dict) and str(whole.get("format", "")).startswith("perigee-"):
        draft.reason, draft.detail = (
            Reason.NOT_A_LICENCE_OUTPUT,
            "the file was made by this product and is not an output of a device",
        )
        return True
    reports = whole if isinstance(whole, list) else [whole]
    if any(_is_report(report) for report in reports):
        draft.command = Command.USAGE_FILE
        for report in reports:
            read_report(report, draft)
        return True
    if whole is not None and read_tree(whole, text, draft):
        return True
    return _pasted_json(text, draft)


def _documents(documents: list[Any], text: str, draft: Draft) -> bool:
    """Answers pasted one after the other: the same one twice counts once, two that differ need an identity each."""
    known: dict[str, Any] = {json.dumps(document, sort_keys=True): document for document in documents}
    kept = list(known.values())
    if any(_is_report(document) for document in kept):
        draft.command = Command.USAGE_FILE
        for document in kept:
            read_report(document, draft)
        return True
    told: list[Draft] = []
    for document in kept:
        own = Draft()
        read_tree(document, text, own)
        told.append(own)
    names = [set(document) if isinstance(document, dict) else {"[]"} for document in kept]
    shared = any(first & second for index, first in enumerate(names[:50]) for second in names[:index])
    keys = {udi.key for own in told for udi in own.udis}
    if len(kept) > 1 and shared and (len(keys) != 1 or not all(own.udis for own in told)):
        draft.reason = Reason.SEVERAL_DEVICES
        return True
    return read_tree(kept if len(kept) > 1 else kept[0], text, draft)


def _is_report(document: Any) -> bool:
    return isinstance(document, dict) and ("asset_identification" in document or "payload" in document)


def _pasted_json(text: str, draft: Draft) -> bool:
    """People paste several answers into one file and lose a comma; the innermost objects are whole all the same."""
    if len(text) > MOST_PASTED:
        return False
    by_name: dict[str, dict[str, Any]] = {}
    for piece in _OBJECT.findall(text):
        entry = _loads(re.sub(r":\s{0,20}(True|False|None)\b", lambda m: ": " + _PYTHON[m[1]], piece))
        if isinstance(entry, dict) and "in_use" in entry and ("name" in entry or "id" in entry):
            key = str(entry.get("name") or entry.get("id"))
            if by_name.get(key, entry)["in_use"] != entry["in_use"]:
                draft.reason = Reason.SEVERAL_DEVICES
            by_name[key] = {**entry, **by_name.get(key, {}), **({"id": entry["id"]} if "id" in entry else {})}
    for entry in by_name.values():
        used = entry["in_use"]
        count = used if isinstance(used, int) and not isinstance(used, bool) and 0 <= used < 10**9 else None
        texts = {name: present(str(entry.get(name) or "")) for name in ("id", "name", "status", "description")}
        more = {"status": texts["status"], "description": texts["description"]}
        _licence(draft, texts["id"], name=texts["name"], count=count, **more)
    for attribute in ("registration", "authorization"):
        found = re.search(
            rf'"{attribute}"\s{{0,20}}:\s{{0,20}}\{{[^{{}}]{{0,4000}}?"status"\s{{0,20}}:\s{{0,20}}"([^"]{{1,200}})"',
            text,
        )
        if found is not None:
            setattr(draft, attribute, bare_state(found[1]))
    if text.count('"registration"') > 1 or text.count('"udi"') > 1:
        draft.reason = Reason.SEVERAL_DEVICES
    host = re.search(r'"udi"\s{0,20}:\s{0,20}\{[^{}]{0,4000}?"hostname"\s{0,20}:\s{0,20}"([\w.-]{1,63})"', text)
    draft.hostname = host[1] if host else None
    if draft.holds_something:
        draft.command = Command.REST
    return draft.holds_something
