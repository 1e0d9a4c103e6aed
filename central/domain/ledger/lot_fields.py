"""What a lot says by its source, and what it is searched by (rows C3.4, C3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.domain.ledger.rules import LotSource

_CONTAINED = {
    "end_customer": ("end_customer", "customer"),
    "country": ("ship_to_country",),
    "families": ("family", "sku_family", "licence_family", "product_family"),
    "skus": ("licence_sku", "product_sku"),
}


def search_terms(details: Mapping[str, str], sku: str | None) -> dict[str, str | None]:
    """What a lot is searched by (row C3.8): exact where the whole is typed, folded where a part of it is."""
    found: dict[str, str | None] = {
        "web_order": details.get("web_order_id"),
        "po_number": details.get("po_number"),
        "pak": details.get("pak") or details.get("pak_number"),
    }
    for name, keys in _CONTAINED.items():
        texts = [details.get(key, "") for key in keys] + ([sku or ""] if name == "skus" else [])
        found[name] = "\n".join(dict.fromkeys(text.casefold() for text in texts if text)) or None
    return found


SOURCE_FIELDS: Mapping[LotSource, tuple[str, ...]] = {
    LotSource.ORDER: (
        "po_number",
        "order_number",
        "order_line",
        "customer",
        "ship_to_country",
        "licence_sku",
        "sku_family",
    ),
    LotSource.PAK_MIGRATION: ("pak", "licence_sku", "licence_family"),
    LotSource.DEVICE_MIGRATION: ("product_sku", "serial", "device_details", "product_family"),
    LotSource.DLC_MIGRATION: ("product_sku", "serial", "licence_family"),
    LotSource.EA_MIGRATION: ("transaction_id", "suite", "licence_sku", "licence_family"),
    LotSource.MANUAL: ("licence_sku", "licence_family"),
    LotSource.DEVICE_TRANSFER: ("product_sku", "serial", "licence_family"),
    LotSource.DEVICE_REQUEST: ("product_sku", "serial", "licence_family"),
}
"""What is shown of a lot by its source, in this order (row C3.4)."""
_INSTEAD = {
    "pak": ("pak", "pak_number"),
    "serial": ("product_serial", "serial"),
    "licence_family": ("licence_family", "family"),
    "sku_family": ("sku_family", "family"),
    "product_family": ("product_family", "family"),
    "customer": ("customer", "end_customer"),
}


def lot_fields(lot: Any) -> dict[str, str | None]:
    """What is known of a lot, by the names of `SOURCE_FIELDS`, be it shown for its source or not."""
    found: dict[str, str | None] = {}
    for name in dict.fromkeys(name for names in SOURCE_FIELDS.values() for name in names):
        keys = _INSTEAD.get(name, (name,))
        found[name] = next((lot.details[key] for key in keys if lot.details.get(key)), None)
    found |= {"order_number": lot.order_number, "order_line": lot.order_line}
    found["licence_sku"] = found["licence_sku"] or lot.sku
    return found
