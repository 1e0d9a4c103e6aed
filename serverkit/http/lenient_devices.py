"""Finds the one product instance that a client means; never an arbitrary one of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from serverkit.errors import RefusedError, Remedy
from serverkit.http.lenient import BodyError, text_of

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
    message = "The identity fits several product instances; nothing was changed."
    remedy = Remedy(
        "Name the product instance by more of its identity, such as product id, serial number and UUID.",
        page="compatibility.md#calls",
    )


class Device(Protocol):
    """What is compared of a product instance."""

    udi: Any
    product_tag: Any


D = TypeVar("D", bound=Device)


def shown_identity(row: Device) -> dict[str, Any]:
    """A device's identity as these clients read it."""
    return {name: row.udi.get(ours) for name, (_, ours) in IDENTITY.items()}


def identity_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """What a client says of a device's identity, by our names; unknown parts come as null, empty or `NA`."""
    sudi = entry.get("sudi")
    if not isinstance(sudi, dict):
        raise BodyError("Missing required input parameters: sudi")
    found = {ours: text_of(sudi, name, other, needed=False) for name, (other, ours) in IDENTITY.items()}
    known = {name: text for name, text in found.items() if text and text.upper() != "NA"}
    if not known:
        raise BodyError("Missing required input parameters: udiPid, udiSerialNumber")
    return known


def meant_of(rows: Sequence[D], wanted: Mapping[str, str], product_tag: object) -> D | None:
    """The one product instance that an identity fits; None for none, AmbiguousDeviceError for several.

    Product id and serial number identify, where both are given. Of the rest, what a product instance does not say is no
    contradiction; who says it alike goes before who does not say it, and so does who has the product's tag.
    """
    both = ("pid", "serial")
    must = {name: wanted[name] for name in both} if all(name in wanted for name in both) else dict(wanted)
    found = [row for row in rows if _fits(row, must) and _contradicts_nothing(row, wanted)]
    found = [row for row in found if _fits(row, wanted)] or found
    found = [row for row in found if row.product_tag == product_tag] or found
    if len(found) > 1:
        named = " ".join(wanted.values())[:200]
        raise AmbiguousDeviceError(
            "{named} fits {count} product instances; nothing was changed", named=named, count=len(found)
        )
    return found[0] if found else None


def _fits(row: Device, wanted: Mapping[str, str]) -> bool:
    return all(_plain(name, str(row.udi.get(name) or "")) == _plain(name, text) for name, text in wanted.items())


def _plain(name: str, text: str) -> str:
    """A part of an identity as it is compared: without blanks around it and without regard to case, a UUID without hyphens."""
    plain = text.strip().casefold()
    return plain.replace("-", "") if name == "uuid" else plain


def _contradicts_nothing(row: Device, wanted: Mapping[str, str]) -> bool:
    return _fits(row, {name: text for name, text in wanted.items() if row.udi.get(name)})
