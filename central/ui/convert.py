"""Converting a PAK or a device: quantities by SKU, contract check and review, then its number typed (rows C9.2, C9.3)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from central.actions import conversions as actions
from central.actions.contract_checks import check_contracts
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from central.domain.conversions.rules import SourceKind
from central.runtime import Central
from central.ui.conversions import (
    CHECKS,
    HELP,
    NAV,
    ROOT,
    TITLES,
    WORDS,
    convert_path,
    find_source,
    kind_of,
    list_path,
    not_eligible,
    one_path,
)
from central.ui.words import TYPES
from serverkit.errors import AppError
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.texts import _
from serverkit.web.urls import Grade, Url
from serverkit.web.wizard import StepView

CONVERT = Permission.LICENCE_CONVERT
DIGITS = 10


class Reviewed(BaseModel):
    """What was reviewed: where it goes, which units of which SKU, and of which revision."""

    to: str = Field(max_length=20)
    revision: int = Field(ge=1)
    sku: list[str] = []
    quantity: list[str] = []


def asked_of(page: Page) -> tuple[str, dict[str, str]]:
    """The target by number, and what was typed by SKU."""
    sent = page.sent if page.url.changes else page.asked
    typed = dict(zip(sent.getlist("sku"), (one.strip() for one in sent.getlist("quantity")), strict=False))
    return sent.get("to", ""), typed


def whole(text: str) -> int | None:
    """A quantity; blank is 0, None is no number."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else None


def targets(page: Page) -> list[dict[str, Any]]:
    """The virtual accounts that may get the licences."""
    return [one for one in list_places(page.unit, page.parts["domain"]) if CONVERT in one["may"]]


def chosen_target(page: Page, number: str) -> dict[str, Any] | None:
    """The virtual account that was chosen; at first that of the PAK or device."""
    found = targets(page)
    by_number = next((one for one in found if str(one["number"]) == number), None)
    return by_number or next(
        (one for one in found if one["name"] == page.thing["virtual_account"] and not number), None
    )


def convert_page(page: Page) -> Answer:
    """Choose; with `step=review` and quantities that can be, the review."""
    to, typed = asked_of(page)
    target = chosen_target(page, to)
    step = "review" if page.url.changes else page.query.get("step", "")
    if step != "review":
        return _choose(page, target, typed or _usual(page), [])
    wanted = {sku: whole(text) for sku, text in typed.items()}
    reasons: list[Any] = []
    if target is None:
        reasons.append(_("Choose a virtual account."))
    if None in wanted.values():
        reasons.append(_("Enter whole numbers; blank is 0."))
    if reasons or target is None:
        return _choose(page, target, typed, reasons)
    plain = {sku: count for sku, count in wanted.items() if count is not None}
    try:
        seen = actions.preview_conversion(
            page.unit, page.parts["domain"], kind_of(page), page.thing["id"], plain, target["name"]
        )
    except AppError as error:
        return _choose(page, target, typed, [error.message], Refusal.of(error))
    if seen["refused"]:
        return _choose(page, target, typed, [one["reason"] for one in seen["refused"]], failed=seen["refused"])
    return _review(page, target, typed, seen)


def _usual(page: Page) -> dict[str, str]:
    found = actions.usual_choice(page.unit, page.parts["domain"], kind_of(page), page.thing["id"])
    return {sku: str(count) for sku, count in found.items()}


def _choose(
    page: Page,
    target: dict[str, Any] | None,
    typed: dict[str, str],
    reasons: list[Any],
    refusal: Refusal | None = None,
    failed: list[dict[str, Any]] | None = None,
) -> Shown:
    one = page.thing
    context = {
        "rows": [(row, typed.get(row["sku"], "")) for row in one["licences"]],
        "targets": targets(page),
        "target": str(target["number"]) if target else "",
        "reasons": reasons,
        "refused": refusal,
        "no_contract": any(row["code"] == "contract_missing" for row in failed or ()),
        "contracts_page": cast("Central", page.server).settings.portal.contracts_page,
        "looks_up": bool(cast("Central", page.server).settings.contracts.url),
        "steps_shown": _steps(page, "choose"),
        "not_now": not_eligible(one),
    }
    return _shown(page, "choose", context, 422 if reasons else 200)


def _review(page: Page, target: dict[str, Any], typed: dict[str, str], seen: dict[str, Any]) -> Shown:
    one = page.thing
    pairs = [("to", str(target["number"]))]
    for sku, text in typed.items():
        pairs += [("sku", sku), ("quantity", text)]
    view = Form(BaseModel, _("Convert licences")).view(
        page,
        convert_path(one),
        cancel=f"{convert_path(one)}?{urlencode(pairs)}",
        cancel_words=_("Back"),
        danger=True,
        typed_name=one["number"],
        hidden=[*pairs, ("revision", str(seen["revision"]))],
    )
    context = {"seen": seen, "view": view, "steps_shown": _steps(page, "review")}
    return _shown(page, "review", context, 200)


def _steps(page: Page, current: str) -> list[StepView]:
    return [
        StepView("choose", _("Licences and contract check"), convert_path(page.thing), current == "review"),
        StepView("review", _("Review"), "", done=False),
    ]


def _shown(page: Page, step: str, context: dict[str, Any], status: int) -> Shown:
    one, kind = page.thing, kind_of(page)
    more = {
        "one": one, "step": step, "path": convert_path(one), "back": one_path(one), "types": TYPES, "checks": CHECKS,
        "is_pak": kind is SourceKind.PAK,
    }  # fmt: skip
    crumbs = ((TITLES[kind], list_path(one)), (one["number"], one_path(one)))
    title = _("Convert to smart licences")
    return Shown(
        f"convert-{step}", title, "convert.html", {**more, **context}, status, crumbs=crumbs, help=HELP, nav=NAV
    )


def convert(page: Page) -> Answer:
    """Convert what was reviewed."""
    read: Any = page.read
    to, typed = asked_of(page)
    target = chosen_target(page, to)
    name = target["name"] if target else ""
    wanted = {sku: whole(text) or 0 for sku, text in typed.items()}
    one = page.thing
    done = actions.convert_licences(
        page.unit, page.parts["domain"], kind_of(page), one["id"], wanted, name, read.revision
    )
    where = done["virtual_account"]
    if kind_of(page) is SourceKind.PAK:
        said = _("PAK {number} converted: its smart licences are in {place}.", number=one["number"], place=where)
    else:
        said = _("Licences of {number} converted: they are in {place}.", number=one["number"], place=where)
    return Moved(list_path(one), said)


def check(page: Page) -> Answer:
    """Look the contracts up, then review what was chosen."""
    kind, parts = kind_of(page), page.parts
    found = check_contracts(cast("Central", page.server), page.actor, parts["domain"], kind, parts["id"])
    to, typed = asked_of(page)
    pairs = [("step", "review"), ("to", to)]
    for sku, text in typed.items():
        pairs += [("sku", sku), ("quantity", text)]
    return Moved(f"{convert_path(found)}?{urlencode(pairs)}")


def name_of(page: Page) -> str:
    """What is typed to convert it."""
    return str(page.thing["number"])


URLS = tuple(
    url
    for kind, row in ((SourceKind.PAK, "C9.2"), (SourceKind.DEVICE, "C9.3"))
    for url in (
        Url("GET", f"{ROOT}/{WORDS[kind]}/{{id}}/convert", convert_page, CONVERT, row, load=find_source),
        Url(
            "POST", f"{ROOT}/{WORDS[kind]}/{{id}}/convert", convert, CONVERT, row, form=Reviewed, load=find_source,
            again=convert_page, grade=Grade.TYPED, fresh=True, names=name_of, most_bytes=256 * 1024,
        ),
        Url(
            "POST", f"{ROOT}/{WORDS[kind]}/{{id}}/convert/check", check, CONVERT, row, several=("sku", "quantity"),
            load=find_source, again=convert_page, alone=True, twin="check_service_contracts", most_bytes=256 * 1024,
        ),
    )
)  # fmt: skip
