"""Readers of outputs that are data: REST answers, reservation codes, usage files."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

from agent.inventory.model import Command, Draft, Identity, Licence, Member, Note
from agent.inventory.words import MASKED, is_tag, looks_like_tag, number, present

_OBJECT = re.compile(r"\{[^{}]*\}")
_REPORT = re.compile(r"<RUMReport>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</RUMReport>", re.DOTALL)


def read_structured(text: str, draft: Draft) -> bool:
    """Read a file that is JSON or XML; False when it is neither."""
    start = text.lstrip()
    if "<RUMReport>" in text:
        draft.command = Command.USAGE_FILE
        for report in _REPORT.findall(text):
            _report(_loads(report), draft)
        return True
    if start.startswith("<") and "<!DOCTYPE" not in text and "<!ENTITY" not in text:
        return _xml(start, draft)
    if start.startswith(("{", "[")):
        return _json(start, draft)
    return False


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _licence(
    draft: Draft, tag: str | None, name: str | None, count: int | None, status: str | None, **more: Any
) -> None:
    shown = present(tag)
    if shown is not None and looks_like_tag(shown) and not is_tag(shown):
        draft.note(Note.MASKED_VALUE if MASKED.search(shown) else Note.MALFORMED_TAG)
    taken = shown if shown is not None and is_tag(shown) else None
    if taken is None:
        draft.note(Note.LICENCE_WITHOUT_TAG)
    draft.licences.append(
        Licence(tag=taken, name=present(name), count=count, status=present(status), shown=shown, **more)
    )


def _identity(sudi: Any) -> Identity | None:
    if not isinstance(sudi, dict):
        return None
    pid, serial = sudi.get("udi_pid"), sudi.get("udi_serial_number")
    uuid = sudi.get("uuid") or sudi.get("product_uuid")
    values = [present(value) if isinstance(value, str) else None for value in (pid, serial, uuid)]
    return Identity(values[0], values[1], values[2]) if values[0] and values[1] else None


def _report(report: Any, draft: Draft) -> None:
    if isinstance(report, dict) and isinstance(report.get("payload"), str):
        report = _loads(report["payload"])
    if not isinstance(report, dict):
        return
    asset = report.get("asset_identification")
    if isinstance(asset, dict):
        instance = asset.get("instance")
        udi = _identity(instance.get("sudi") if isinstance(instance, dict) else None)
        if udi is not None and all(udi.key != known.key for known in draft.udis):
            draft.udis.append(udi)
        name = (asset.get("asset") or {}).get("name") if isinstance(asset.get("asset"), dict) else None
        if isinstance(name, str) and is_tag(name):
            draft.product_tag = name
    meta = report.get("meta")
    if isinstance(meta, dict):
        for entry in meta.get("ha_udi") or []:
            udi = _identity(entry.get("sudi")) if isinstance(entry, dict) else None
            if udi is not None:
                draft.members.append(Member(str(entry.get("role", "")).lower(), udi))


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
        return False
    return True


def _xml_pieces(text: str, draft: Draft) -> bool:
    draft.command = Command.RESERVATION if "<specificPLR>" in text else Command.REST
    tag_name = "tag" if "<specificPLR>" in text else "Id"
    count_name = "count" if "<specificPLR>" in text else "Count"
    pattern = rf"<{tag_name}>([^<]+)</{tag_name}>\s*<{count_name}>(\d+)</{count_name}>"
    for tag, count in re.findall(pattern, text):
        _licence(draft, tag, None, number(count), None)
    return bool(draft.licences)


def _reservation(root: ET.Element, draft: Draft) -> None:
    draft.command = Command.RESERVATION
    draft.registration = "RESERVED"
    udi = re.fullmatch(
        r"\s*P:\s*([^,]+?)\s*,\s*S:\s*([^,\s]+)(?:\s*,\s*U:\s*([0-9A-Fa-f-]+))?\s*", root.findtext("udi") or ""
    )
    if udi is not None:
        draft.udis.append(Identity(udi[1], udi[2], udi[3]))
    for entry in root.iter("entitlement"):
        _licence(
            draft,
            entry.findtext("tag"),
            entry.findtext("displayName"),
            number(entry.findtext("count")),
            None,
            description=present(entry.findtext("tagDescription")),
            licence_type=present(entry.findtext("licenseType")),
        )


def _rest_details(root: ET.Element, draft: Draft) -> None:
    draft.command = Command.REST
    draft.registration = present(root.findtext("Register/Status"))
    draft.authorization = present(root.findtext("Authorization/Status"))
    udi = re.fullmatch(r"\s*pid=(.+?)\s+sn=(\S+)(?:\s+uuid=(\S+))?\s*", root.findtext("Register/ProductUDI") or "")
    if udi is not None:
        draft.udis.append(Identity(udi[1], udi[2], udi[3]))
    for entry in root.iter("EntitlementTag"):
        _licence(draft, entry.findtext("Id"), None, number(entry.findtext("Count")), entry.findtext("Status"))


def _json(text: str, draft: Draft) -> bool:
    whole = _loads(text)
    if isinstance(whole, dict) and "asset_identification" in whole:
        draft.command = Command.USAGE_FILE
        _report(whole, draft)
        return True
    # People paste several answers into one file and lose a comma; the innermost objects are whole all the same.
    by_name: dict[str, dict[str, Any]] = {}
    for piece in _OBJECT.findall(text):
        entry = _loads(re.sub(r":\s*(True|False|None)\b", lambda m: ": " + _PYTHON[m[1]], piece))
        if isinstance(entry, dict) and "in_use" in entry and ("name" in entry or "id" in entry):
            key = str(entry.get("name") or entry.get("id"))
            by_name[key] = {**entry, **by_name.get(key, {}), **({"id": entry["id"]} if "id" in entry else {})}
    for entry in by_name.values():
        used = entry["in_use"]
        count = used if isinstance(used, int) and not isinstance(used, bool) and used >= 0 else None
        texts = {
            name: entry.get(name) if isinstance(entry.get(name), str) else None
            for name in ("id", "name", "status", "description")
        }
        _licence(draft, texts["id"], texts["name"], count, texts["status"], description=texts["description"])
    for name, attribute in (("registration", "registration"), ("authorization", "authorization")):
        found = re.search(rf'"{name}"\s*:\s*\{{[^{{}}]*?"status"\s*:\s*"([^"]+)"', text)
        if found is not None:
            setattr(draft, attribute, found[1])
    pid, serial = re.search(r'"udi_pid"\s*:\s*"([^"]+)"', text), re.search(r'"udi_serial_number"\s*:\s*"([^"]+)"', text)
    if pid is not None and serial is not None:
        draft.udis.append(Identity(pid[1], serial[1]))
    draft.command = Command.REST
    return draft.holds_something


_PYTHON = {"True": "true", "False": "false", "None": "null"}
