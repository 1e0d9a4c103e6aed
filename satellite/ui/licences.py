"""Licences: list, the worst first, details and why a balance is what it is (rows S3.2, B23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from satellite.actions.event_log import list_event_window
from satellite.actions.licences import AsOf, Ledger, LedgerLine, Licence, list_licence_window, show_as_of, show_licence
from satellite.actions.virtual_accounts import find_names
from satellite.ui.event_words import by_words, said
from satellite.ui.pages import licence_path, places, quoted
from serverkit.db.windows import Part
from serverkit.web.answers import Answer, Shown
from serverkit.web.formats import number
from serverkit.web.licence_pages import (
    BILLING,
    KINDS,
    RESTRICTED,
    STATE,
    STATES,
    TYPE,
    TYPES,
    Entry,
    billed,
    covered,
    state_words,
    type_words,
)
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Balance,
    Column,
    Empty,
    Figure,
    Filter,
    Item,
    Moment,
    Rows,
    State,
    Table,
    Wanted,
)
from serverkit.web.texts import Text, Words, _, ngettext
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of


def why_path(item: Item) -> str:
    """Why a figure is what it is."""
    return f"{licence_path(item)}/why"


def used_by(item: Item) -> str:
    """The product instances that use it."""
    return f"/instances?virtual_account={item['virtual_account_id']}&tag={quoted(item)}"


def licence_rows(page: Page, wanted: Wanted) -> Rows:
    """The licences that are wanted."""
    return rows_of(page, list_licence_window, wanted)


def _about(page: Page) -> Text:
    return as_of_words(show_as_of(page.unit))


LICENCES = Table(
    "licences",
    _("Licences"),
    "/licences",
    (
        Column("name", _("Licence"), link=licence_path, sub="tag", sort=True, fixed=True, phone=True),
        Column("virtual_account", _("Virtual account"), sort=True),
        Figure("purchased", _("Purchased"), sort=True),
        Figure(
            "in_use",
            _("In use"),
            link=used_by,
            sort=True,
        ),
        Figure("reserved", _("Reserved"), sort=True, shown=False),
        Balance("balance", _("Balance"), link=why_path, sort=True, phone=True),
        State("state", _("State"), STATES, say=state_words, sort=True, phone=True),
        KINDS,
        Column("billing", _("Billing"), value=lambda one: str(BILLING[one["billing"]]), sort=True, shown=False),
        Moment("next_end", _("Ends next"), sort=True, shown=False),
        Figure("upcoming", _("Starts later"), sort=True, shown=False),
        Column("restricted", _("Restricted"), shown=False),
    ),
    licence_rows,
    sort="state",
    filters=(
        Filter(
            "q",
            _("Licence or tag"),
            "text",
        ),
        Filter("virtual_account", _("Virtual account"), choices=places),
        STATE,
        TYPE,
        RESTRICTED,
    ),
    empty=Empty(
        _("No licences yet"),
        _("Central assigns licences to the virtual accounts of this satellite; they arrive at synchronization."),
    ),
)
LIST = ((LICENCES.title, LICENCES.path),)


def as_of_words(one: AsOf) -> Text:
    """What the figures rest on."""
    if not one.response and one.at:
        return _("Purchased: as of the authorization file. In use: now.")
    if not one.response:
        return _("Purchased: nothing has come from central yet. In use: now.")
    return _("Purchased: as of response {number}. In use: now.", number=one.response)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, LICENCES, context={"intro": _about(page)}, help="portal#licences")


@dataclass(frozen=True)
class Found:
    """The licence of an address."""

    virtual_account_id: str
    virtual_account: str
    tag: str
    licence: Licence

    @property
    def item(self) -> Item:
        """As addresses are made of it."""
        return {"virtual_account_id": self.virtual_account_id, "tag": self.tag}


def find_licence(page: Page) -> Found:
    """The licence of the address; UnknownLicenceError."""
    va, tag = page.parts["va"], page.parts["tag"]
    licence = show_licence(page.unit, va, tag)
    return Found(va, find_names(page.unit, ())[va], tag, licence)


def _tabs(one: Found) -> list[tuple[str, Words, str]]:
    path = licence_path(one.item)
    return [
        ("overview", _("Overview"), path),
        ("why", _("Why"), f"{path}/why"),
        ("instances", _("Product instances"), used_by(one.item)),
        ("events", _("Event log"), f"/events?tag={quoted(one.item)}"),
    ]


def details_page(page: Page) -> Answer:
    """A licence in one virtual account: its terms and what was last heard of it."""
    one: Found = page.thing
    events = list_event_window(
        page.unit, Part(most=10, filters={"tag": one.tag, "virtual_account": one.virtual_account_id})
    )
    context = {
        "one": one,
        "rows": [(row, state_words(row), type_words(row), BILLING[row["billing"]]) for row in one.licence.rows],
        "lines": [
            (line, TYPES.get(line.licence_type, line.licence_type), phase_words(line))
            for line in one.licence.ledger.lines
        ],
        "tabs": _tabs(one),
        "events": [{**event, "message": said(event), "by": by_words(event)} for event in events.items],
        "as_of": _about(page),
        "why": f"{licence_path(one.item)}/why",
        "used_by": used_by(one.item),
    }
    return Shown(
        "licence", one.licence.name, "licence.html", context, crumbs=LIST, nav="licences", help="portal#licences"
    )


def why_page(page: Page) -> Answer:
    """Why the balance is what it is: a ledger that adds up."""
    one: Found = page.thing
    as_of = show_as_of(page.unit)
    context = {
        "one": one,
        "ledger": one.licence.ledger,
        "balance": one.licence.ledger.verdict.prepaid.balance,
        "sums": ledger_sums(one.licence.ledger, used_by(one.item)),
        "tabs": _tabs(one),
        "as_of": as_of_words(as_of),
        "as_of_at": as_of.at,
    }
    title = _("Why: {name}", name=one.licence.name)
    crumbs = (*LIST, (one.licence.name, licence_path(one.item)))
    return Shown(
        "licence-why", title, "licence_why.html", context, crumbs=crumbs, nav="licences", help="portal#licences"
    )


def ledger_sums(ledger: Ledger, instances: str = "") -> Sequence[Entry]:
    """The ledger as lines: each total is the sum of the lines above it, back to the total before.

    `instances` is the address of the devices that use it.
    """
    found = [
        Entry(
            _("{type}, line {serial}", type=TYPES.get(line.licence_type, line.licence_type), serial=line.serial[:8]),
            line.counted,
            phase_words(line),
            at=line.start if line.phase == "future" else line.end,
        )
        for line in ledger.lines
    ]
    if ledger.covered:
        found.append(covered(ledger.covered))
    prepaid = ledger.verdict.prepaid
    found.append(Entry(_("Purchased"), prepaid.purchased, total=True))
    found.append(
        Entry(
            _("In use"),
            -ledger.claimed,
            ngettext("by {count} product instance", "by {count} product instances", ledger.claimants),
            link=instances,
        )
    )
    if ledger.held:
        note = ngettext("by {count} product instance", "by {count} product instances", ledger.holders)
        found.append(Entry(_("Held, restricted"), -ledger.held, note))
    if ledger.billed:
        found.append(billed(ledger.billed))
    found.append(Entry(_("Balance"), prepaid.balance, total=True))
    return found


def phase_words(line: LedgerLine) -> Words:
    """Why a line counts, or does not."""
    if line.phase == "future":
        return _("{count} from a later start", count=number(line.quantity))
    if line.phase == "expired":
        return ngettext("{number} has ended", "{number} have ended", line.quantity, number=number(line.quantity))
    if line.billing == "usage":
        return _("billed by usage, without limit")
    if line.licence_type == "reporting_only":
        return _("covers what is in use")
    return _("counts until its end") if line.end else _("counts without end")


URLS = (
    Url("GET", "/licences", list_page, SIGNED_IN, "S3.2", table=LICENCES),
    Url("GET", "/licences/{va}/{tag}", details_page, SIGNED_IN, "S3.2", load=find_licence),
    Url("GET", "/licences/{va}/{tag}/why", why_page, SIGNED_IN, "S3.2", load=find_licence),
)
