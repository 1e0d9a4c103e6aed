"""Devices that are shipped with reserved licences: an import reserves for them, without a user (row C6.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import default_virtual_account, virtual_account
from central.domain.catalogue.queries import by_name
from central.domain.event_log.event_kinds import EventKind
from central.domain.instances.models import Instance
from central.domain.instances.queries import placed_name
from central.domain.ledger.reserving import move_reserved
from central.domain.ledger.rules import parse_quantity
from central.domain.reservations.models import Reservation
from central.domain.reservations.rules import WantedLicence
from central.domain.reservations.services import reserve, say
from central.keyring import KeyRing
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.table_file import FaultyRowsError, RowFault, RowWarning, judge_table

REQUIRED, OPTIONAL = ("request_code", "tag", "quantity"), ("virtual_account", "product")
ANOTHER_ACCOUNT = "*"
"""In `left_for`: the device registered in another account, which is not named to this one."""


@dataclass
class Shipped:
    """A device of the file: the line of its first licence, where it goes, what is reserved for it."""

    line: int
    request_code: str
    virtual_account: str
    product: str
    licences: list[WantedLicence] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ShippedImport:
    """What an import reserved, and what is odd in the file."""

    rows: list[Reservation]
    warnings: Sequence[RowWarning]


def import_shipped(unit: Unit, keyring: KeyRing, account: SmartAccount, path: Path) -> ShippedImport:
    """Reserve for every device of a file, one line for each licence of a device; all or nothing, every faulty line named.

    The devices have their authorization installed when they leave the factory: nothing waits for a confirmation code.
    FaultyRowsError.
    """
    require(unit, Permission.ORDER_MANAGE, account.id)
    table = judge_table(path, REQUIRED, OPTIONAL, _read)
    made, faults = [], list(table.faults)
    for device in _by_device(table.rows, faults):
        try:
            with unit.savepoint():
                made.append(_reserve(unit, keyring, account, device))
        except AppError as error:
            faults.append(RowFault(device.line, error.code, error.message))
    if faults:
        raise FaultyRowsError(sorted(faults, key=lambda fault: fault.line))
    return ShippedImport(made, table.warnings)


def _read(cells: dict[str, str]) -> tuple[dict[str, str], WantedLicence]:
    return cells, WantedLicence(cells["tag"], parse_quantity(cells["quantity"]))


def _by_device(
    rows: Sequence[tuple[int, tuple[Mapping[str, str], WantedLicence]]], faults: list[RowFault]
) -> list[Shipped]:
    found: dict[str, Shipped] = {}
    for line, (cells, wanted) in rows:
        code = cells["request_code"].strip()
        named = cells.get("virtual_account", ""), cells.get("product", "")
        device = found.setdefault(code, Shipped(line, code, *named))
        if named != (device.virtual_account, device.product):
            said = f"another virtual account or product than in line {device.line}, for the same device"
            faults.append(RowFault(line, "lines_differ", said))
        device.licences.append(wanted)
    return list(found.values())


def _reserve(unit: Unit, keyring: KeyRing, account: SmartAccount, device: Shipped) -> Reservation:
    if device.virtual_account:
        place = virtual_account(unit, account.id, device.virtual_account)
    else:
        place = default_virtual_account(unit, account.id)
    licences = [WantedLicence(by_name(unit, one.tag), one.quantity) for one in device.licences]
    row, instance = reserve(unit, keyring, account, place, device.request_code, licences, device.product or None)
    row.installed, row.waiting, row.factory_place = True, False, place.id
    message = f"{placed_name(unit, instance)} was shipped with reserved licences"
    say(unit, EventKind.RESERVATION_SHIPPED, instance, message, {"reservation": row.id})
    return row


def send_home(unit: Unit, row: Reservation, instance: Instance | None) -> None:
    """Before a shipped device gives its reservation up: where it registers elsewhere, its units go to where they were for.

    `instance` is the device as it registered.
    """
    if row.factory_place is None or instance is None:
        return
    if unit.session.get(VirtualAccount, (row.account_id, row.factory_place)) is None:
        return  # the virtual account is gone: they stay where they are
    if row.virtual_account_id != row.factory_place:
        move_reserved(unit, row.account_id, row.instance_id, row.virtual_account_id, row.factory_place)
        row.virtual_account_id = row.factory_place
    if instance.account_id != row.account_id:
        row.left_for = ANOTHER_ACCOUNT
    elif instance.virtual_account_id != row.factory_place:
        row.left_for = instance.virtual_account_id
