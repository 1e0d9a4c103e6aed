"""Outputs that are data: usage reports, reservation codes, answers of programming interfaces, models of state."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from xml.etree import ElementTree as ET

from agent.inventory.codes import Basis, Command, Note
from agent.inventory.entries import tag_of
from agent.inventory.identities import read_udi
from agent.inventory.model import Draft, Identity, Licence
from agent.inventory.rum import read_report
from agent.inventory.states import bare_state
from agent.inventory.tree import read_tree
from agent.inventory.words import number, present

_OBJECT = re.compile(r"\{[^{}]*\}")
_KNOWN_XML = re.compile(
    r"<(?:[\w.-]{1,64}:)?(?:specificPLR|LicenseDetails|usage|entitlement[\w-]{0,32}|udi|state-info|licensing)[ />]"
)
MOST_PASTED = 1_000_000
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


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _report(text: str, draft: Draft) -> None:
    body = text.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip()
    found = _loads(body)
    read_report(found if found is not None else _loads(html.unescape(body)), draft)


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
        if "<specificPLR>" not in text and "<LicenseDetails>" not in text:
            return False
        draft.note(Note.TRUNCATED_OUTPUT)
        return _xml_pieces(text, draft)
    if root.tag == "specificPLR":
        _reservation(root, draft)
    elif root.tag == "LicenseDetails":
        _rest_details(root, draft)
    else:
        return read_tree(_plain_tree(root), text, draft)
    return True


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
        draft.udis.append(Identity(udi[1], udi[2], udi[3]))
    for entry in root.iter("EntitlementTag"):
        status = present(entry.findtext("Status"))
        _licence(draft, entry.findtext("Id"), name=None, count=number(entry.findtext("Count")), status=status)


def _json(text: str, draft: Draft) -> bool:
    whole = _loads(text)
    reports = whole if isinstance(whole, list) else [whole]
    if any(
        isinstance(report, dict) and ("asset_identification" in report or "payload" in report) for report in reports
    ):
        draft.command = Command.USAGE_FILE
        for report in reports:
            read_report(report, draft)
        return True
    if whole is not None and read_tree(whole, text, draft):
        return True
    return _pasted_json(text, draft)


def _pasted_json(text: str, draft: Draft) -> bool:
    """People paste several answers into one file and lose a comma; the innermost objects are whole all the same."""
    if len(text) > MOST_PASTED:
        return False
    by_name: dict[str, dict[str, Any]] = {}
    for piece in _OBJECT.findall(text):
        entry = _loads(re.sub(r":\s{0,20}(True|False|None)\b", lambda m: ": " + _PYTHON[m[1]], piece))
        if isinstance(entry, dict) and "in_use" in entry and ("name" in entry or "id" in entry):
            key = str(entry.get("name") or entry.get("id"))
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
    host = re.search(r'"udi"\s{0,20}:\s{0,20}\{[^{}]{0,4000}?"hostname"\s{0,20}:\s{0,20}"([\w.-]{1,63})"', text)
    draft.hostname = host[1] if host else None
    if draft.holds_something:
        draft.command = Command.REST
    return draft.holds_something
