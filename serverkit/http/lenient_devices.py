"""Product instances as existing automation lists, moves and removes them.

The one that a client means is found by its identity; never an arbitrary one of several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.errors import AppError, RefusedError, Remedy
from serverkit.http.lenient import BodyError, entries_of, overall, said, success, text_of
from serverkit.http.lenient_forms import asked_move, moved_message
from serverkit.views import IdentifiedInstance

IDENTITY = {
    "udiPid": ("udi_pid", "pid"),
    "udiSerialNumber": ("udi_serial_number", "serial"),
    "udiVid": ("udi_vid", "vid"),
    "uuid": ("uuid", "uuid"),
    "suvi": ("suvi", "suvi"),
    "hostIdentifier": ("host_identifier", "host_identifier"),
    "macAddress": ("mac_address", "mac_address"),
}


class AmbiguousDeviceError(RefusedError):
    """The refusal `ambiguous_device`."""

    code = "ambiguous_device"
    message = "The identity matches several product instances; nothing was changed."
    remedy = Remedy(
        "Give more of the identity, such as product id, serial number and UUID.",
        page="compatibility.md#calls",
    )


Finds = Callable[[Mapping[str, Any]], IdentifiedInstance]
"""Finds the product instance that an entry means; AppError where it means none, or could mean several."""
Acts = Callable[[Mapping[str, Any], IdentifiedInstance], object]
LISTS = ("productInstacesRemoveRequests", "productInstancesRemoveRequests")


def shown_identity(row: IdentifiedInstance) -> dict[str, Any]:
    """A device's identity as these clients read it."""
    return {name: row.udi.get(ours) for name, (_, ours) in IDENTITY.items()}


def snake_identity(row: IdentifiedInstance) -> dict[str, Any]:
    """A device's identity in the other spelling; a part that it does not have is null."""
    return {other: row.udi.get(ours) for other, ours in IDENTITY.values()}


def listed_form(rows: Iterable[IdentifiedInstance]) -> list[dict[str, Any]]:
    """The lines of the list of product instances."""
    return [
        {"instanceName": row.name, "productTagName": row.product_tag or "", "sudi": shown_identity(row)} for row in rows
    ]


def usage_form(
    row: IdentifiedInstance, virtual_account: str, licences: Sequence[Mapping[str, Any]], *, short: bool
) -> dict[str, Any]:
    """A line of the usage of product instances; `short` says that a licence that it claims is out of compliance."""
    return {
        "virtualAccount": virtual_account,
        "hostName": row.hostname or "",
        "hostname": row.hostname or "",
        "sudi": shown_identity(row),
        "productName": row.product_tag or row.udi["pid"],
        "displayName": f"UDI_PID:{row.udi['pid']}; UDI_SN:{row.udi['serial']}; ",
        "productTagName": row.product_tag or "",
        "productDescription": "",
        "productType": row.udi["pid"],
        "status": "Out Of Compliance" if short else "In Compliance",
        "registrationDate": iso(row.registered_at),
        "lastContactDate": iso(row.last_contact),
        "mode": "SL",
        "licenseUsage": [*licences],
    }


def removed_form(body: Mapping[str, Any], unit: Unit, find: Finds, remove: Acts) -> dict[str, Any]:
    """Remove the product instance that a body names, or several whose list comes under one of two spellings or both.

    Each entry has its own outcome.
    """
    if not any(body.get(name) for name in LISTS) and "sudi" in body:
        remove(body, row := find(body))
        return success(f"The Product Instance {row.name} was successfully removed.")
    entries: list[dict[str, Any]] = []
    for name in LISTS:
        for entry in entries_of(body, name):
            if not any(_same(entry, known) for known in entries):
                entries.append(entry)
    if not entries:
        raise BodyError("Missing required input parameters: {list}", list=LISTS[1])
    outcomes = [_removed(unit, entry, row, remove) for entry, row in _found(find, entries)]
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    # The two blanks are what the contract shows.
    answer = success(f"{done} Product Instance  removed successfully.", removeProductInstancesStatus=outcomes)
    return {**answer, "status": overall(outcomes)}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("sudi", "productTagName"))


def _found(
    find: Finds, entries: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], IdentifiedInstance | AppError]]:
    """The product instance that each entry means, or why there is none, before any is changed.

    Otherwise an identity that fits two would mean the second one as soon as the first one is gone.
    """
    found: list[tuple[Mapping[str, Any], IdentifiedInstance | AppError]] = []
    named: set[str] = set()
    for entry in entries:
        try:
            row = find(entry)
            if row.id in named:
                raise BodyError("An earlier entry of the list names the same product instance: {name}", name=row.name)
            named.add(row.id)
            found.append((entry, row))
        except AppError as error:
            found.append((entry, error))
    return found


def _removed(unit: Unit, entry: Mapping[str, Any], row: IdentifiedInstance | AppError, remove: Acts) -> dict[str, Any]:
    given = entry.get("sudi")
    sudi = given if isinstance(given, dict) else {}
    host = sudi.get("hostIdentifier") or ""
    device = (
        f"udiPid:{sudi.get('udiPid') or ''} udiSerialNumber:{sudi.get('udiSerialNumber') or ''} hostIdentifier: {host}"
    )
    try:
        with unit.savepoint():
            remove(entry, _or_refused(row))
    except AppError as error:
        return {"status": "ERROR", "statusMessage": said(error), "device": device}
    return {"status": "SUCCESS", "statusMessage": "The Product Instance was successfully removed.", "device": device}


def _or_refused(row: IdentifiedInstance | AppError) -> IdentifiedInstance:
    if isinstance(row, AppError):
        raise row
    return row


def transferred(
    unit: Unit,
    entries: Sequence[Mapping[str, Any]],
    source: str,
    find: Finds,
    move: Callable[[IdentifiedInstance, str], object],
) -> list[dict[str, Any]]:
    """Move the product instances that entries mean, each to its target; each entry has its own outcome."""
    outcomes: list[dict[str, Any]] = []
    for entry, found in _found(find, entries):
        outcome = asked_move(entry, source)
        try:
            with unit.savepoint():
                target, row = text_of(entry, "targetVirtualAccount"), _or_refused(found)
                move(row, target)
        except AppError as error:
            outcomes.append({**outcome, "status": "WARNING", "statusMessage": said(error)})
        else:
            message = moved_message(row.name, source, target)
            outcomes.append({**outcome, "status": "SUCCESS", "statusMessage": message})
    return outcomes


def identity_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """What a client says of a device's identity, by our names; unknown parts come as null, empty or `NA`."""
    sudi = entry.get("sudi")
    if not isinstance(sudi, dict):
        raise BodyError("Missing required input parameters: sudi")
    known = asked_identity(sudi)
    if not known:
        raise BodyError("Missing required input parameters: udiPid, udiSerialNumber")
    return known


def asked_identity(sudi: Mapping[str, Any]) -> dict[str, str]:
    """The known parts of an identity, by our names, in either spelling."""
    found = {ours: text_of(sudi, name, other, needed=False) for name, (other, ours) in IDENTITY.items()}
    return {name: text for name, text in found.items() if text and text.upper() != "NA"}


def meant_of(
    rows: Sequence[IdentifiedInstance], wanted: Mapping[str, str], product_tag: object
) -> IdentifiedInstance | None:
    """The one product instance that an identity fits; None for none, AmbiguousDeviceError for several.

    Product id and serial number identify, where both are given. Of the rest, what a product instance does not say is no
    contradiction; who says it alike goes before who does not say it, and so does who has the product's tag, if one is given.
    """
    both = ("pid", "serial")
    must = {name: wanted[name] for name in both} if all(name in wanted for name in both) else dict(wanted)
    found = [row for row in rows if fits(row, must) and _contradicts_nothing(row, wanted)]
    found = [row for row in found if fits(row, wanted)] or found
    found = [row for row in found if product_tag and row.product_tag == product_tag] or found
    if len(found) > 1:
        named = " ".join(wanted.values())[:200]
        raise AmbiguousDeviceError(
            "{named} fits {count} product instances; nothing was changed", named=named, count=len(found)
        )
    return found[0] if found else None


def fits(row: IdentifiedInstance, wanted: Mapping[str, str]) -> bool:
    """Whether a product instance has all these parts of an identity, whatever the case of the letters."""
    return all(_plain(name, str(row.udi.get(name) or "")) == _plain(name, text) for name, text in wanted.items())


def _plain(name: str, text: str) -> str:
    """A part of an identity as it is compared: without blanks around it and without regard to case, a UUID without hyphens."""
    plain = text.strip().casefold()
    return plain.replace("-", "") if name == "uuid" else plain


def _contradicts_nothing(row: IdentifiedInstance, wanted: Mapping[str, str]) -> bool:
    return fits(row, {name: text for name, text in wanted.items() if row.udi.get(name)})
