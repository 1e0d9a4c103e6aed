"""Answers to existing automation that both servers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serverkit.http.lenient import overall, success


def licence_id(row: Mapping[str, Any]) -> str:
    """What names a line of the licences table: one licence may have a line for each billing."""
    return f"{row['tag']}@{row['virtual_account']}" + ("" if row["billing"] == "prepaid" else f"@{row['billing']}")


def licence_form(row: Mapping[str, Any], status: str, details: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A line of the licence usage; `row` is one of the licences table, `details` its terms."""
    return {
        "license": row["name"],
        "licenseName": row["name"],
        "entitlementTag": row["tag"],
        "virtualAccount": row["virtual_account"],
        "quantity": row["purchased"] or 0,
        "inUse": row["in_use"] - row["reserved"],
        "available": row["balance"] or 0,
        "status": status,
        "billingType": row["billing"].upper(),
        "ahaApps": False,
        "pendingQuantity": row["pending"],
        "reserved": row["reserved"],
        "isPortable": False,
        "portable": False,
        "licenseSubstitutions": [],
        "licenseDetails": [*details],
    }


def moved_form(outcomes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer to a transfer of product instances, each with its own outcome."""
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    answer = success(
        f"{done} product instances transferred successfully.",
        productsTransferStatus=[*outcomes],
        successCount=done,
        errorCount=len(outcomes) - done,
    )
    return {**answer, "status": overall(outcomes)}


def asked_move(entry: Mapping[str, Any], source: str) -> dict[str, Any]:
    """What every outcome of a transfer repeats of the entry that asked for it."""
    return {
        "sudi": entry.get("sudi"),
        "targetVirtualAccount": entry.get("targetVirtualAccount"),
        "productTagName": entry.get("productTagName"),
        "sourceVirtualAccount": source,
    }


def moved_message(name: str, source: str, target: str) -> str:
    """The sentence about a product instance that was moved."""
    return (
        f"Device \u2018{name}\u2019 successfully transferred from Virtual Account "
        f"\u2018{source}\u2019 to Virtual Account \u2018{target}\u2019."
    )
