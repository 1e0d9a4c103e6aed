"""Conversions: PAKs and devices with classic licences, their import, preview and outcome (rows C9.1 to C9.3)."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from pydantic import Field

from central.actions import contract_checks, conversion_files, conversion_runs, conversions, device_conversions
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.domain.conversions.rules import SourceKind
from central.runtime import Central
from serverkit.db.paging import write_key
from serverkit.db.windows import Part
from serverkit.http.errors import ParameterError
from serverkit.http.operations import (
    ANYTHING,
    CSV,
    FLAG,
    OPTIONAL,
    OPTIONAL_TIME,
    PLAIN,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    Operation,
    Page,
    Query,
    Strict,
    example,
    list_of,
    object_of,
    paged,
)
from serverkit.http.schemas import BASE, WARNINGS, Nothing, items

MOST_LINES = 1000


class ClassicPage(Page):
    """A page, of those with a text in number, family, order number, virtual account or SKU."""

    kind: Literal["pak", "device"] = "pak"
    search: str = Field(default="", max_length=255, pattern=PLAIN)


class ClassicQuery(Query):
    """What the list is of; with `preview` nothing is taken over."""

    kind: Literal["pak", "device"] = "pak"
    preview: bool = False


class SkuUnits(Strict):
    """Units of a SKU; 0 leaves it out."""

    sku: str = Field(max_length=255, pattern=PLAIN)
    quantity: int = Field(ge=0, le=1_000_000_000)


class WantedConversion(Strict):
    """What to convert; without `licences` all that is eligible, without `virtual_account` where the classic ones are."""

    model_config = example(
        {
            "kind": "pak",
            "number": "3901J5A1B2C",
            "licences": [{"sku": "L-ADV-K9", "quantity": 2}],
            "virtual_account": "Lab",
            "preview": True,
        }
    )

    kind: Literal["pak", "device"] = "pak"
    number: str = Field(max_length=600, pattern=PLAIN)
    licences: list[SkuUnits] | None = Field(default=None, max_length=MOST_LINES)
    virtual_account: str | None = Field(default=None, max_length=255, pattern=PLAIN)
    revision: int | None = Field(default=None, ge=1)
    preview: bool = False


def list_classic(call: Call) -> dict[str, Any]:
    """List PAKs or devices in which something is left."""
    query: ClassicPage = call.query
    after = write_key([query.after]) if query.after is not None else None
    part = Part("id", after, most=query.limit, filters={"q": query.search})
    found = conversions.list_classic(call.unit, call.path["account"], SourceKind(query.kind), part)
    return {"items": list(found.items), "next": found.items[-1]["id"] if found.next is not None else None}


def show_classic(call: Call) -> dict[str, Any]:
    """Show a PAK or device."""
    return conversions.show_classic(call.unit, call.path["account"], None, call.path["source"])


def check_contracts(call: Call) -> dict[str, Any]:
    """Look up the contracts of a PAK or device now."""
    return contract_checks.check_contracts(call.server, call.actor, call.path["account"], None, call.path["source"])


def import_classic(call: Call) -> dict[str, Any]:
    """Take over a list of PAKs or devices."""
    query: ClassicQuery = call.query
    kind = SourceKind(query.kind)
    return conversion_files.import_classic(call.unit, call.path["account"], kind, call.body, preview=query.preview)


def import_skus(call: Call) -> dict[str, Any]:
    """Say what classic licences become."""
    return conversion_files.import_skus(call.unit, call.body)


def import_contracts(call: Call) -> dict[str, Any]:
    """Replace the service contracts of an account."""
    return conversion_files.import_contracts(call.unit, call.path["account"], call.body)


def convert(call: Call) -> dict[str, Any]:
    """Convert, or preview it."""
    body: WantedConversion = call.body
    wanted = None if body.licences is None else {one.sku: one.quantity for one in body.licences}
    for sku, times in Counter(one.sku for one in body.licences or ()).items():
        if times > 1:
            raise ParameterError("the body names {name!r} twice", name=sku[:80])
    place = call.unit, call.path["account"], SourceKind(body.kind), body.number, wanted, body.virtual_account
    if body.preview:
        return conversions.preview_conversion(*place)
    return conversions.convert_licences(*place, body.revision)


class RequestPage(Page):
    """A page, of those in a state."""

    state: Literal["", "pending", "converted", "already_converted", "partly_converted", "not_converted"] = ""


def list_requests(call: Call) -> dict[str, Any]:
    """List the requests of devices, in the order of their ids."""
    query: RequestPage = call.query
    after = write_key([query.after]) if query.after is not None else None
    part = Part("id", after, most=query.limit, filters={"state": query.state})
    found = device_conversions.list_device_conversions(call.unit, call.path["account"], part)
    return {"items": list(found.items), "next": found.items[-1]["id"] if found.next is not None else None}


def show_request(call: Call) -> dict[str, Any]:
    """Show a request of a device."""
    return device_conversions.show_device_conversion(call.unit, call.path["account"], call.path["request"])


class WantedRun(Strict):
    """Whose licences are converted by the settings; with `preview` nothing is."""

    model_config = example({"kind": "pak", "preview": True})

    kind: Literal["pak", "device"] = "pak"
    preview: bool = False


class KindQuery(Query):
    """What the settings are of."""

    kind: Literal["pak", "device"] = "pak"


class WantedSettings(Strict):
    """What is converted by itself; what is left out stays, an empty list means all of them."""

    model_config = example({"kind": "pak", "enabled": True, "virtual_accounts": [], "products": []})

    kind: Literal["pak", "device"] = "pak"
    enabled: bool | None = None
    virtual_accounts: list[str] | None = Field(default=None, max_length=MOST_LINES)
    products: list[str] | None = Field(default=None, max_length=MOST_LINES)


def begin_run(call: Call) -> dict[str, Any]:
    """Take up all that can be converted by the settings."""
    do = conversion_runs.preview_run if call.body.preview else conversion_runs.begin_run
    return do(call.unit, call.path["account"], SourceKind(call.body.kind))


def show_settings(call: Call) -> dict[str, Any]:
    """Show what is converted by itself."""
    return conversion_runs.show_settings(call.unit, call.path["account"], SourceKind(call.query.kind))


def change_settings(call: Call) -> dict[str, Any]:
    """Change what is converted by itself."""
    body: WantedSettings = call.body
    return conversion_runs.change_settings(
        call.unit,
        call.path["account"],
        SourceKind(body.kind),
        enabled=body.enabled,
        virtual_account_names=body.virtual_accounts,
        products=body.products,
    )


Op = Operation[Central]
PATH = f"{ACCOUNT_PATH}/classic-licences"
SOURCE = {
    "id": TEXT, "kind": TEXT, "number": TEXT, "virtual_account": TEXT, "partial": FLAG, "order_number": OPTIONAL,
    "ordered_at": OPTIONAL_TIME, "family": OPTIONAL, "skus": items(ANYTHING), "eligible": WHOLE, "remaining": WHOLE,
    "converted": WHOLE, "status": TEXT, "problem": OPTIONAL, "revision": WHOLE, "changed_at": TIME,
    "pid": OPTIONAL, "serial": OPTIONAL, "details": OPTIONAL,
}  # fmt: skip
OUTCOME = object_of(
    id=TEXT, kind=TEXT, number=TEXT, virtual_account=TEXT, partial=FLAG, revision=WHOLE, lines=items(ANYTHING),
    quantity=WHOLE, refused=items(object_of(code=TEXT, reason=TEXT)), converted=FLAG,
)  # fmt: skip
IMPORTED = object_of(lines=WHOLE, sources=WHOLE, new=WHOLE, warnings=WARNINGS, imported=FLAG)
SKU = object_of(id=TEXT, sku=TEXT, tag=TEXT, family=TEXT, contract_needed=FLAG, divisible=FLAG)
CONTRACT = object_of(id=TEXT, contract=TEXT, sku=TEXT, of=OPTIONAL, start=OPTIONAL_TIME, end=OPTIONAL_TIME)
SETTINGS = object_of(
    kind=TEXT, enabled=FLAG, virtual_accounts=TEXTS, products=TEXTS, families=TEXTS, listed_at=OPTIONAL_TIME
)
REQUEST = object_of(
    id=TEXT, domain=TEXT, device=TEXT, hostname=OPTIONAL, instance=OPTIONAL, virtual_account=OPTIONAL,
    satellite=OPTIONAL, state=TEXT, quantity=WHOLE, converted=WHOLE, requested_at=TIME, decided_at=OPTIONAL_TIME,
    licences=items(
        object_of(
            sku=TEXT, quantity=WHOLE, converted=WHOLE, tag=OPTIONAL, reason=OPTIONAL, name=OPTIONAL, message=OPTIONAL
        )
    ),
)  # fmt: skip
MANAGE = Permission.CONVERSION_MANAGE
OPERATIONS = (
    Op(
        "list_device_conversions", "GET", f"{ACCOUNT_PATH}/device-conversions",
        "List the requests of devices to convert what they hold.", list_requests, list_of(REQUEST), RequestPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C9.5",
    ),
    Op(
        "show_device_conversion", "GET", f"{ACCOUNT_PATH}/device-conversions/{{request}}",
        "Show a device's request with its SKUs.", show_request, REQUEST,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C9.5",
    ),
    Op(
        "list_classic_licences", "GET", PATH, "List PAKs or devices with classic licences.", list_classic,
        list_of(object_of(**SOURCE)), ClassicPage, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C9.1",
    ),
    Op(
        "show_classic_licences", "GET", f"{PATH}/{{source}}", "Show a PAK or device with its classic licences.",
        show_classic, object_of(**SOURCE, licences=items(ANYTHING)), permission=Permission.VIRTUAL_ACCOUNT_VIEW,
        row="C9.1",
    ),
    Op(
        "check_service_contracts", "POST", f"{PATH}/{{source}}/contract-check",
        "Look up now which service contracts cover a PAK or device.", check_contracts,
        object_of(**SOURCE, licences=items(ANYTHING)), body=Nothing, changes=True, alone=True,
        permission=Permission.LICENCE_CONVERT, row="C9.2",
    ),
    Op(
        "import_classic_licences", "POST", PATH, "Import a list of PAKs or devices (CSV).", import_classic, IMPORTED,
        ClassicQuery, media=CSV, changes=True, permission=Permission.ORDER_MANAGE, row="C9.1",
    ),
    Op(
        "import_service_contracts", "POST", f"{ACCOUNT_PATH}/service-contracts",
        "Replace the service contracts of an account (CSV).", import_contracts, object_of(contracts=WHOLE), media=CSV,
        changes=True, permission=Permission.ORDER_MANAGE, row="C9.2",
    ),
    Op(
        "list_service_contracts", "GET", f"{ACCOUNT_PATH}/service-contracts", "List the service contracts.",
        lambda call: paged(conversion_files.list_contracts(call.unit, call.path["account"]), call.query), list_of(CONTRACT), Page, permission=Permission.ORDER_MANAGE, row="C9.2",
    ),
    Op(
        "import_classic_skus", "POST", f"{BASE}catalogue/classic-skus", "Say what classic licences become (CSV).",
        import_skus, object_of(skus=WHOLE), media=CSV, changes=True, permission=Permission.CATALOGUE_MANAGE, row="C9.2",
    ),
    Op(
        "list_classic_skus", "GET", f"{BASE}catalogue/classic-skus", "List the eligible SKUs.",
        lambda call: paged(conversion_files.list_skus(call.unit), call.query), list_of(SKU),
        Page, permission=Permission.CATALOGUE_MANAGE, row="C9.2",
    ),
    Op(
        "convert_licences", "POST", f"{ACCOUNT_PATH}/conversions", "Convert classic licences, or preview it.", convert,
        OUTCOME, body=WantedConversion, changes=True, permission=Permission.LICENCE_CONVERT, row="C9.2",
    ),
    Op(
        "run_conversions", "POST", f"{ACCOUNT_PATH}/conversion-runs", "Convert all by the settings, or preview it.",
        begin_run, object_of(sources=WHOLE, quantity=WHOLE, failing=WHOLE, unchecked=WHOLE, begun=FLAG), body=WantedRun, changes=True,
        permission=MANAGE, row="C9.4",
    ),
    Op(
        "show_conversion_settings", "GET", f"{ACCOUNT_PATH}/conversion-settings", "Show what is converted by itself.",
        show_settings, SETTINGS, KindQuery, permission=MANAGE, row="C9.4",
    ),
    Op(
        "set_conversion_settings", "PUT", f"{ACCOUNT_PATH}/conversion-settings", "Change what is converted by itself.",
        change_settings, SETTINGS, body=WantedSettings, changes=True, permission=MANAGE, row="C9.4",
    ),
)  # fmt: skip
