"""From an inventory to devices: the real ones as they are, and as many more as asked for, by a fixed rule.

Device number n beyond the real ones copies real device (n modulo their number): product, licences, shape of the set.
Its serial number keeps the length and the first three characters of the original; the others come from the SHA-256 of
original serial and n, letters for letters and digits for digits. The same inventory always gives the same fleet.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.inventory.folder import Inventory

KEPT_LETTERS = 3
NAMES = "device"


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """A device to emulate."""

    pid: str
    serial: str
    uuid: str | None
    product_tag: str | None
    hostname: str
    sw_version: str | None
    standbys: tuple[tuple[str, str], ...]
    licences: tuple[tuple[str, int], ...]
    real: bool


def devices_for(inventory: Inventory, count: int | None, names: str = NAMES) -> list[DeviceSpec]:
    """The first `count` devices of the fleet; without a count the real ones.

    `names` begins the host names of devices whose output shows none.
    """
    wanted = len(inventory.devices) if count is None else count
    taken: set[tuple[str, str]] = set()
    specs: list[DeviceSpec] = []
    for number, source, real in _sources(inventory, wanted):
        spec = _spec(source, number, names, real=real)
        while (spec.pid, spec.serial) in taken:
            number += wanted + 1  # noqa: PLW2901 - the next serial number that the rule gives
            spec = _spec(source, number, names, real=False)
        taken.add((spec.pid, spec.serial))
        specs.append(spec)
    return specs


def _sources(inventory: Inventory, wanted: int) -> Iterator[tuple[int, dict[str, Any], bool]]:
    real = inventory.devices
    for number in range(wanted if real else 0):
        yield number, real[number % len(real)], number < len(real)


def _spec(source: dict[str, Any], number: int, names: str, *, real: bool) -> DeviceSpec:
    def serial(text: str) -> str:
        return text if real else made_serial(text, number)

    uses: dict[str, int] = {}
    for licence in source["licences"]:
        # What the catalogue could not name with certainty is not used; without a catalogue the printed tag stands.
        tag = licence["entitlement"] if "entitlement" in licence else licence["tag"]
        if tag and licence["count"]:
            # Two entries that mean one entitlement are never added up: nothing says that they are two needs.
            uses[tag] = max(uses.get(tag, 0), licence["count"])
    standbys = tuple(
        (member["pid"], serial(member["serial"])) for member in source["members"] if member["pid"] and member["serial"]
    )
    return DeviceSpec(
        pid=source["pid"],
        serial=serial(source["serial"]),
        uuid=source["uuid"] if real else None,
        product_tag=source["product_tag"],
        hostname=source["hostname"] or f"{names}-{number + 1:05d}",
        sw_version=source.get("software_version") or source["agent_version"],
        standbys=standbys,
        licences=tuple(sorted(uses.items())),
        real=real,
    )


def made_serial(original: str, number: int) -> str:
    """The serial number of a device that was made by the rule."""
    digest = hashlib.sha256(f"{original}|{number}".encode()).digest()
    made = []
    for index, letter in enumerate(original):
        value = digest[index % len(digest)]
        if index < KEPT_LETTERS and len(original) > KEPT_LETTERS * 2:
            made.append(letter)
        elif letter.isdigit():
            made.append(string.digits[value % 10])
        elif letter.isalpha():
            alphabet = string.ascii_uppercase if letter.isupper() else string.ascii_lowercase
            made.append(alphabet[value % 26])
        else:
            made.append(letter)
    return "".join(made)
