"""Reading a folder of outputs: every file has a result, and the devices are put together from them."""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.errors import FileUnreadableError, InvalidInputError
from agent.files import read_file
from agent.inventory.codes import Basis, Command, Note, Reason
from agent.inventory.model import FORMAT, FileResult, Licence
from agent.inventory.reader import MOST_BYTES, read_output
from agent.inventory.words import is_tag

_MOST_TELLING: list[str | None] = [
    Command.TECH_SUPPORT,
    Command.ALL,
    Command.USAGE,
    Command.SUMMARY,
    Command.USAGE_FILE,
]
CATALOGUE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Inventory:
    """The results of a folder's files, and the devices they speak of."""

    items: tuple[dict[str, Any], ...]
    devices: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """The inventory as its file holds it."""
        return {"format": FORMAT, "items": list(self.items), "devices": list(self.devices)}

    @classmethod
    def from_dict(cls, data: Any) -> Inventory:
        """Read an inventory file; KeyError, TypeError or ValueError when it is none."""
        if data["format"] != FORMAT:
            raise ValueError("another format")
        devices = tuple(data["devices"])
        for device in devices:
            if not isinstance(device["pid"], str) or not isinstance(device["serial"], str):
                raise TypeError("a device without identity")
        return cls(tuple(data["items"]), devices)


def read_folder(folder: Path) -> Inventory:
    """Read every file of a folder, in the order of their names; sub-folders are read too, links are not followed."""
    return _inventory([_read(path, _name(path, folder)) for path in _paths(folder)])


def _paths(folder: Path) -> list[Path]:
    """Every file below a folder; a sub-folder that cannot be listed stands for what is in it."""
    found: list[Path] = []
    closed: list[Path] = []
    for place, folders, files in os.walk(
        folder, onerror=lambda error: closed.append(Path(os.fsdecode(error.filename)))
    ):
        here = Path(place)
        found += [here / name for name in files]
        found += [here / name for name in folders if (here / name).is_symlink()]
    if folder in closed:
        raise FileUnreadableError("cannot read {folder}", folder=folder)
    return sorted(found + closed)


def _name(path: Path, folder: Path) -> str:
    """The name below the folder; one that is not text is shown with the numbers of its bytes."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")


def _inventory(results: list[FileResult]) -> Inventory:
    return Inventory(tuple(result.to_dict() for result in results), tuple(_devices(results)))


def _read(path: Path, name: str) -> FileResult:
    if path.is_symlink() or not path.is_file():
        return FileResult(name, "", "refused", Reason.UNREADABLE, "only plain files are read")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        return FileResult(name, "", "refused", Reason.UNREADABLE, error.strerror or "cannot be read")
    return read_output(name, data)


def _devices(results: list[FileResult]) -> list[dict[str, Any]]:
    by_key: dict[tuple[str, str], list[FileResult]] = defaultdict(list)
    for result in results:
        if result.status == "read" and len(result.udis) == 1 and all(result.udis[0].key):
            by_key[result.udis[0].key].append(result)
    return [_device(key, found) for key, found in sorted(by_key.items())]


def _device(key: tuple[str, str], found: list[FileResult]) -> dict[str, Any]:
    notes: set[str] = set()
    telling = min(map(_precision, found))
    licences: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    for result in (result for result in found if _precision(result) == telling):
        for licence in _used(result):
            entry = licence.to_dict()
            # A tag counts once, whatever name is beside it.
            slot = (licence.tag, None) if licence.tag else licence.slot
            known = licences.get(slot)
            if known is None:
                licences[slot] = entry
            elif known["count"] != entry["count"] and entry["count"] is not None:
                # Two outputs of one device were taken at different times: the larger need is the safer figure.
                if known["count"] is not None:
                    notes.add(Note.CONFLICTING_COUNT)
                known["count"] = max(known["count"] or 0, entry["count"])
    members = max((result.members for result in found), key=len)
    others = [member.to_dict() for member in members if member.udi.key != key]
    first = next((r for r in found if r.udis[0].uuid), found[0])
    return {
        "pid": key[0],
        "serial": key[1],
        "uuid": first.udis[0].uuid,
        "product_tag": next((r.product_tag for r in found if r.product_tag), None),
        "hostname": next((r.hostname for r in found if r.hostname), None),
        "agent_version": next((r.agent_version for r in found if r.agent_version), None),
        "software_version": next((r.software_version for r in found if r.software_version), None),
        "members": others,
        "licences": list(licences.values()),
        "files": [result.file for result in found],
        "notes": sorted(notes),
    }


def _precision(result: FileResult) -> tuple[int, int, str]:
    """How exactly an output names licences: one licence has other names in other outputs, so one kind is taken."""
    if not _used(result):
        return 2, 0, ""
    whole = any(licence.tag and is_tag(licence.tag) for licence in result.licences)
    kind = _MOST_TELLING.index(result.command) if result.command in _MOST_TELLING else len(_MOST_TELLING)
    return 0 if whole else 1, kind, str(result.command)


def _used(result: FileResult) -> list[Licence]:
    """What a device uses: what it says it does, or, where it only says what is reserved for it, that."""
    used = [entry for entry in result.licences if entry.basis not in {Basis.RESERVATION, Basis.AUTHORIZATION}]
    return used or [entry for entry in result.licences if entry.basis is Basis.RESERVATION]


COLUMNS = ("kind", "tag", "name")


def read_catalogue(path: Path) -> list[dict[str, str]]:
    """Read a catalogue file: CSV with kind, tag, name, separated by comma, semicolon or tab, as central takes it."""
    data = read_file(path, most_bytes=CATALOGUE_BYTES)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InvalidInputError("{name} is a workbook, no catalogue: save the table as CSV (UTF-8)", name=path.name)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError("{name} is not UTF-8: save it as CSV (UTF-8)", name=path.name) from error
    if not text.strip():
        raise InvalidInputError("{name} is empty", name=path.name)
    first, _, rest = text.partition("\n")
    text = rest if first.lower().startswith("sep=") else text
    for separator in ",;\t":
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            names = [name.strip().lower() for name in next(reader, [])]
            if {*COLUMNS} <= {*names}:
                rows = [dict(zip(names, map(str.strip, cells), strict=False)) for cells in reader]
                return [row for row in rows if {*COLUMNS} <= row.keys()]
        except csv.Error as error:
            raise InvalidInputError(
                "{name}, line {line}: {error}", name=path.name, line=reader.line_num, error=error
            ) from error
    raise InvalidInputError(
        "{name} has no header line with the columns of a catalogue: {columns}",
        name=path.name,
        columns=", ".join(COLUMNS),
    )


def match_catalogue(inventory: Inventory, catalogue: list[dict[str, str]]) -> Inventory:
    """Give licences the catalogue's tag where exactly one entitlement fits what the output shows; never a guess."""
    index: dict[str, set[str]] = defaultdict(set)
    for row in catalogue:
        if row["kind"] == "entitlement":
            for text in (row["tag"], row["name"], row.get("description") or "", *_short_forms(row["tag"])):
                if text:
                    index[text.strip().casefold()].add(row["tag"])
    devices = []
    for device in inventory.devices:
        notes = set(device["notes"])
        licences = [_matched(licence, index, notes) for licence in device["licences"]]
        devices.append({**device, "licences": licences, "notes": sorted(notes)})
    return replace(inventory, devices=tuple(devices))


def _short_forms(tag: str) -> tuple[str, ...]:
    if not is_tag(tag):
        return ()
    # The part between the reversed domain and the version is what outputs show as the short tag.
    body = tag.split(",", 1)[0]
    return (body.split(".", 4)[-1],)


def _matched(licence: dict[str, Any], index: dict[str, set[str]], notes: set[str]) -> dict[str, Any]:
    if licence["tag"] is not None and is_tag(licence["tag"]):
        return {**licence, "entitlement": licence["tag"]}
    for text in (licence["shown"], licence["description"], licence["name"]):
        if not text or "..." in text:
            continue
        found = index.get(text.strip().casefold(), set())
        if len(found) == 1:
            return {**licence, "entitlement": next(iter(found))}
        if len(found) > 1:
            notes.add(Note.AMBIGUOUS_NAME)
            return {**licence, "entitlement": None}
    notes.add(Note.UNKNOWN_NAME)
    return {**licence, "entitlement": None}
