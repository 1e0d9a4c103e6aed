"""Licences: usage, subscriptions, transfer, reservation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions import licences
from central.actions.virtual_accounts import show_virtual_account
from central.api.compat.accounts import wanted_names
from central.api.compat.wire import Call
from central.domain.ledger.rules import HeldLot, LotChoice
from exchange.compliance import LotPhase, lot_phase
from exchange.vocabulary import Compliance
from serverkit.errors import AppError
from serverkit.http.lenient import (
    BodyError,
    last_second,
    number_of,
    objects_of,
    overall,
    page,
    said,
    seconds,
    success,
    text_of,
    words_of,
)
from serverkit.http.lenient_forms import licence_form

STATUS = {Compliance.IN_COMPLIANCE.value: "In Compliance", Compliance.OUT_OF_COMPLIANCE.value: "Out Of Compliance"}
PHASES = {LotPhase.ACTIVE: "Active", LotPhase.EXPIRED: "Expired", LotPhase.FUTURE: "Future"}
KINDS = {"perpetual": "PERPETUAL", "term": "TERM", "demo": "DEMO", "reporting_only": "PERPETUAL"}
TYPES = {
    "PERPETUAL": frozenset({"perpetual", "reporting_only"}),
    "TERM": frozenset({"term"}),
    "SUBSCRIPTION": frozenset({"term"}),
    "DEMO": frozenset({"demo"}),
}
LONGEST_FIRST, LONGEST_LAST = "LONGEST_TERM_FIRST", "LONGEST_TERM_LAST"


def usage(call: Call) -> dict[str, Any]:
    """`licenses`: purchased, in use and free, one entry for each virtual account and licence."""
    names, domain = wanted_names(call), call.smart_account.domain
    rows = licences.list_licences(call.unit, domain, names.values())
    part = page(rows, call.body)
    lots: dict[tuple[str, str, str], list[HeldLot]] = {}
    for lot in licences.list_lots(call.unit, domain, names.values(), {row["tag"] for row in part}):
        lots.setdefault((names[lot.virtual_account_id], lot.tag, lot.billing), []).append(lot)
    shown = [_licence(call, row, lots.get((row["virtual_account"], row["tag"], row["billing"]), [])) for row in part]
    return success("The license usage was retrieved.", totalRecords=len(rows), licenses=shown)


def _licence(call: Call, row: Mapping[str, Any], lots: list[HeldLot]) -> dict[str, Any]:
    return licence_form(row, STATUS[row["status"]], [_detail(call, lot) for lot in lots])


def _detail(call: Call, lot: HeldLot) -> dict[str, Any]:
    return {
        "licenseType": KINDS.get(lot.licence_type, "PERPETUAL"),
        "quantity": lot.quantity,
        "startDate": seconds(lot.start),
        "endDate": last_second(lot.end),
        "subscriptionId": lot.subscription_id or "",
        "status": PHASES[lot_phase(lot.start, lot.end, call.unit.licence_now)],
        "licenseSku": lot.sku or "",
        "orderNumber": lot.order_number or "",
        "orderLineIdentifier": lot.order_line or "",
    }


def subscriptions(call: Call) -> dict[str, Any]:
    """`license-subscriptions`: the purchased terms, active and expired."""
    names, domain = wanted_names(call), call.smart_account.domain
    wanted = {word.lower() for word in words_of(call.body, "status")}
    titles = {row["tag"]: row["name"] for row in licences.list_licences(call.unit, domain, names.values())}
    rows = []
    for lot in licences.list_lots(call.unit, domain, names.values(), ended=True):
        if lot.end is None or lot.start is None:
            continue
        status = PHASES[lot_phase(lot.start, lot.end, call.unit.licence_now)]
        if wanted and status.lower() not in wanted:
            continue
        rows.append(
            {
                "virtualAccount": names[lot.virtual_account_id],
                "license": titles.get(lot.tag, lot.name),
                "billingType": lot.billing.upper(),
                "quantity": str(lot.quantity),
                "startDate": seconds(lot.start),
                "endDate": last_second(lot.end),
                "status": status,
                "subscriptionId": lot.subscription_id or "",
            }
        )
    return success(
        "The license subscriptions were retrieved.", totalRecords=len(rows), licenseSubscriptions=page(rows, call.body)
    )


def transfer(call: Call) -> dict[str, Any]:
    """`licenses/transfer`: each entry has its own outcome."""
    show_virtual_account(call.unit, call.smart_account.domain, call.path["va"])  # an unknown one fails the whole call
    entries = objects_of(call.body, "licenses")
    # A name that two licences have must not mean the other one as soon as the first has moved.
    tags = [_tag(call, entry) for entry in entries]
    outcomes = [_moved(call, entry, tag) for entry, tag in zip(entries, tags, strict=True)]
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    answer = success(f"{done} licenses transferred successfully", licensesTransferStatus=outcomes)
    return {**answer, "status": overall(outcomes)}


def _tag(call: Call, entry: Mapping[str, Any]) -> str | AppError:
    """The licence that an entry names, or why it names none."""
    try:
        return licences.find_tag(
            call.unit, call.smart_account.domain, call.path["va"], text_of(entry, "license", "licenseName")
        )
    except AppError as error:
        return error


def _moved(call: Call, entry: Mapping[str, Any], tag: str | AppError) -> dict[str, str]:
    domain, source = call.smart_account.domain, call.path["va"]
    try:
        name = text_of(entry, "license", "licenseName")
        target = text_of(entry, "targetVirtualAccount")
        quantity = number_of(entry.get("quantity"), "quantity")
        order = (text_of(entry, "precedence", needed=False) or LONGEST_FIRST).upper()
        if order not in {LONGEST_FIRST, LONGEST_LAST}:
            raise BodyError(
                "precedence is {longest_first} or {longest_last}",
                longest_first=LONGEST_FIRST,
                longest_last=LONGEST_LAST,
            )
        if isinstance(tag, AppError):
            raise tag
        with call.unit.savepoint():
            licences.transfer_licences(
                call.unit,
                domain,
                source,
                target,
                tag,
                quantity,
                longest_first=order == LONGEST_FIRST,
                choice=_choice(entry),
            )
    except AppError as error:
        return {"status": "ERROR", "statusMessage": said(error)}
    message = (
        f"{quantity} \u2018{name}\u2019 licenses successfully transferred from Virtual Account "
        f"\u2018{source}\u2019 to Virtual Account \u2018{target}\u2019"
    )
    return {"status": "SUCCESS", "statusMessage": message}


def _types(word: str) -> frozenset[str]:
    """The licence types of a client's word; empty for any."""
    if not word:
        return frozenset()
    found = TYPES.get(word.upper())
    if found is None:
        raise BodyError("licenseType is one of {types}", types=", ".join(TYPES))
    return found


def _choice(entry: Mapping[str, Any]) -> LotChoice:
    """The lots that an entry means; one form of the contract misspells the subscription."""
    subscription = entry.get("subsriptionId") or entry.get("subscriptionId")
    return LotChoice(
        types=_types(text_of(entry, "licenseType", needed=False)),
        subscription_id=str(subscription) if subscription else None,
        start=text_of(entry, "startDate", needed=False)[:10] or None,
        end=text_of(entry, "endDate", needed=False)[:10] or None,
    )
