"""Summaries by licence, and the search for a device in all accounts, as programs of devices ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from central.actions import discovery, instances, licences, virtual_accounts
from central.actions.catalogue import list_catalogue
from central.api.compat.licences import KINDS, PHASES, STATUS
from central.api.compat.wire import Call
from central.domain.ledger.rules import HeldLot
from exchange.compliance import LotPhase, lot_phase
from exchange.vocabulary import Billing, Compliance
from serverkit.clock import iso
from serverkit.http.lenient import BodyError, not_more, text_of, words_of
from serverkit.http.lenient_devices import asked_identity, fits, snake_identity
from serverkit.views import IdentifiedInstance

NO_DATA = {"status": "COMPLETE", "message_code": "NO_DATA_FOUND", "message": "No matching record found for given input"}
MOST_ACCOUNTS = MOST_TAGS = 100
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def data_of(call: Call) -> Mapping[str, Any]:
    """What these calls send within `data`, or at the top."""
    inner = call.body.get("data")
    if inner is not None and not isinstance(inner, dict):
        raise BodyError("{name} is not an object", name="data")
    return inner or call.body


def _asked(call: Call) -> tuple[list[dict[str, Any]], dict[str, list[HeldLot]]]:
    """The lines of the licences table and the lots by tag: of the tags and the virtual account that are asked for."""
    domain, number, wanted = call.domain, call.path.get("va_number"), set(words_of(data_of(call), "tags"))
    names = [place_of(call, number)] if number is not None else None
    rows = [row for row in licences.list_licences(call.unit, domain, names) if not wanted or row["tag"] in wanted]
    lots: dict[str, list[HeldLot]] = {}
    for lot in licences.list_lots(call.unit, domain, names, {row["tag"] for row in rows}):
        lots.setdefault(lot.tag, []).append(lot)
    return rows, lots


def place_of(call: Call, number: str) -> str:
    """The virtual account of a number, by name."""
    found = discovery.name_places(call.unit, call.domain).get(number)
    if found is None:
        raise BodyError("the account has no virtual account with number {number}", number=number[:32])
    return found


def _envelope(call: Call, summary: list[dict[str, Any]]) -> dict[str, Any]:
    word = "license" if len(summary) == 1 else "licenses"
    return {
        "status": "SUCCESS",
        "message_code": None,
        "message": f"Retrieved summary for {len(summary)} {word} in the pool.",
        "timestamp": int(call.unit.now.timestamp() * 1000),
        "nonce": data_of(call).get("nonce"),
        "out_standing_reports": 0,
        "summary": summary,
    }


def summary_v2(call: Call) -> dict[str, Any]:
    """`get-summary`: one entry for each licence. What is reserved counts as in use: free is entitled without in use."""
    rows, lots = _asked(call)
    known = discovery.name_licences(call.unit, {row["tag"] for row in rows})
    entries = []
    for tag, lines in _by_tag(rows):
        entries.append(
            {
                "tag": tag,
                "entitled": sum(line["purchased"] or 0 for line in lines),
                "future_entitled": sum(line["upcoming"] for line in lines),
                "inuse": sum(line["in_use"] for line in lines),
                "reserved": sum(line["reserved"] for line in lines),
                **_named(tag, lines, known),
                "license_details": [
                    {
                        "quantity": lot.quantity,
                        "start_date": _day(lot.start),
                        "end_date": _last_day(lot.end),
                        "subscription_id": lot.subscription_id or "",
                        "license_type": KINDS.get(lot.licence_type, "PERPETUAL"),
                    }
                    for lot in lots.get(tag, [])
                ],
            }
        )
    return _envelope(call, entries)


def summary_v3(call: Call) -> dict[str, Any]:
    """`licenses/summary`, `get-summary-by-tag`: what is prepaid and what is billed by usage, each by itself."""
    rows, lots = _asked(call)
    known = discovery.name_licences(call.unit, {row["tag"] for row in rows})
    entries = []
    for tag, lines in _by_tag(rows):
        prepaid = [line for line in lines if line["billing"] == Billing.PREPAID]
        usage = sum(line["in_use"] for line in lines if line["billing"] == Billing.USAGE)
        entries.append(
            {
                "tag": tag,
                "prepaid_entitled": sum(line["purchased"] or 0 for line in prepaid),
                "prepaid_inuse": sum(line["in_use"] for line in prepaid),
                "prepaid_reserved": sum(line["reserved"] for line in prepaid),
                "prepaid_future_entitled": sum(line["upcoming"] for line in prepaid),
                "postpaid_inuse": usage,
                **_named(tag, lines, known),
                "license_details": [_detail(call, lot, usage) for lot in lots.get(tag, [])],
            }
        )
    return _envelope(call, entries)


def _by_tag(rows: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["tag"], []).append(row)
    return sorted(found.items())


def _named(tag: str, lines: list[dict[str, Any]], known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    short = any(line["status"] == Compliance.OUT_OF_COMPLIANCE.value for line in lines)
    restricted = bool(known.get(tag, {}).get("restricted"))
    return {
        "compliance_status": STATUS[(Compliance.OUT_OF_COMPLIANCE if short else Compliance.IN_COMPLIANCE).value],
        "display_name": lines[0]["name"],
        "enforced": restricted,
        "export_restricted": restricted,
    }


def _detail(call: Call, lot: HeldLot, usage: int) -> dict[str, Any]:
    by_usage = lot.billing == Billing.USAGE
    return {
        "billing_type": lot.billing.upper(),
        "quantity": lot.quantity,
        "postpaid_usage": usage if by_usage else 0,
        "start_date": _day(lot.start),
        "end_date": _last_day(lot.end),
        "subscription_id": lot.subscription_id or "",
        "status": PHASES[lot_phase(lot.start, lot.end, call.unit.licence_now)],
        "billing_model": lot.billing.upper(),
        "license_type": KINDS.get(lot.licence_type, "PERPETUAL"),
    }


def _day(at: datetime | None) -> str | None:
    """A day as these calls show it, such as 2018-Aug-08."""
    return f"{at.year:04}-{MONTHS[at.month - 1]}-{at.day:02}" if at is not None else None


def _last_day(end: datetime | None) -> str | None:
    return _day(end - timedelta(seconds=1)) if end is not None else None


def search_devices(call: Call) -> dict[str, Any]:
    """`GET /licensing/v2/device/search`: a device in all accounts of the caller, with what it uses."""
    wanted = asked_identity(call.request.query)
    if not any(name in wanted for name in discovery.SEARCHED):
        raise BodyError("Missing required input parameters: {name}", name="udi_serial_number")
    tag = call.request.query.get("software_tag", "").strip()
    found = [
        one
        for one in discovery.find_instances(call.unit, wanted)
        if fits(one.instance, wanted) and (not tag or one.instance.product_tag == tag)
    ]
    by_account: dict[str, list[IdentifiedInstance]] = {}
    for one in found:
        by_account.setdefault(one.account["domain"], []).append(one.instance)
    uses = {domain: instances.uses_of(call.unit, domain, rows) for domain, rows in by_account.items()}
    shown = []
    for one in found:
        row, use = one.instance, uses[one.account["domain"]][one.instance.id]
        lines = [
            {
                "license": line.tag,
                "description": line.name,
                "quantity": line.quantity,
                "utility": False,
                "display_name": line.name,
                "compliance_status": "OK" if not use.short else STATUS[Compliance.OUT_OF_COMPLIANCE.value],
                "subscription_id": "",
                "end_date": _last_day(line.end),
            }
            for line in use.licences
        ]
        shown.append(
            {
                "sudi": snake_identity(row),
                "software_tag": row.product_tag or "",
                "last_contact_date": iso(row.last_contact),
                "account": dict(one.account),
                "licenses": lines,
            }
        )
    return (
        {"status": "COMPLETE", "message_code": "", "message": "", "data": shown} if shown else {**NO_DATA, "data": []}
    )


def search_subscriptions(call: Call) -> dict[str, Any]:
    """`subscription/search`: the subscriptions of accounts, each with its virtual accounts."""
    asked = call.body.get("smartAccount")
    entries = [asked] if isinstance(asked, dict) else asked
    if not isinstance(entries, list) or not entries or not all(isinstance(one, dict) for one in entries):
        raise BodyError("Missing required input parameters: {name}", name="smartAccount")
    not_more(entries, "smartAccount", MOST_ACCOUNTS)
    offers = [_offer(call, one) for one in entries]
    return {"source": "ESM", "status": "SUCCESS", "offerDetails": offers}


def _offer(call: Call, entry: Mapping[str, Any]) -> dict[str, Any]:
    account = discovery.find_account_of(call.unit, text_of(entry, "domain", needed=False), entry.get("smartAccountId"))
    numbers = {name: number for number, name in discovery.name_places(call.unit, account.domain).items()}
    names = virtual_accounts.names_by_id(call.unit, account.domain)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for lot in licences.list_lots(call.unit, account.domain):
        if lot.subscription_id and lot_phase(lot.start, lot.end, call.unit.licence_now) is not LotPhase.EXPIRED:
            name = names[lot.virtual_account_id]
            place = {"virtualAccountId": int(numbers[name]), "virtualAccountName": name}
            found.setdefault(lot.subscription_id, {})[name] = place
    shown = [
        {"subRefId": one, "vaDetails": [*places.values()], "suites": [], "additionalParams": []}
        for one, places in sorted(found.items())
    ]
    return {"smartAccountId": account.number, "subscriptions": shown}


def reservable_licences(call: Call) -> dict[str, Any]:
    """`search-slr-details`: the licences that devices with these software tags may reserve."""
    tags = [*dict.fromkeys(words_of(call.body, "softwareTags"))]
    if not tags:
        raise BodyError("Missing required input parameters: {name}", name="softwareTags")
    not_more(tags, "softwareTags", MOST_TAGS)
    entries = [row for row in list_catalogue(call.unit) if row["kind"] == "entitlement"]
    data = [
        {
            "softwareTag": tag,
            "entitlements": [
                {
                    "type": "SPECIFIC",
                    "entitlementTag": row["tag"],
                    "displayName": row["name"],
                    "description": row["description"],
                    "exportControlled": row["restricted"],
                }
                for row in entries
                if not row["products"] or tag in row["products"]
            ],
        }
        for tag in tags
    ]
    return {"status": "SUCCESS", "statusMessage": "OK", "data": data}
