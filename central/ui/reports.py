"""Reports: which there are, each run in the page with its filters, or sent as CSV or workbook (row C12.1)."""

from __future__ import annotations

from collections.abc import Callable

from central.actions.licence_tags import list_licence_tags
from central.actions.reports import run_report
from central.actions.virtual_accounts import list_places, list_tags
from central.domain.access.rules import Permission
from central.ui.instances import STATES as INSTANCE_STATES
from serverkit.web.answers import Answer, Shown
from serverkit.web.forms import Choice
from serverkit.web.licence_pages import BILLING, STATES, type_word
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Balance, Column, Empty, Figure, Filter, Moment, Rows, State, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

LOOK = Permission.VIRTUAL_ACCOUNT_VIEW
PATH = "/a/{domain}/reports"
HELP = "central-portal#reports"
PHASES = {"active": _("in force"), "future": _("starts later"), "expired": _("ended")}
ABOUT: dict[str, tuple[Words, Words]] = {
    "licences": (_("Licences"), _("Purchased, used and reserved units of each licence in each virtual account.")),
    "subscriptions": (_("Licence subscriptions"), _("Each subscription with its term, its quantity and where it is.")),
    "instances": (
        _("Product instances"),
        _("The devices with product, state, last contact and the licences that they use."),
    ),
}


def pool_choices(page: Page) -> list[Choice]:
    """The virtual accounts to choose from."""
    return [Choice(one["name"], one["name"]) for one in list_places(page.unit, page.parts["domain"])]


def pool_tag_choices(page: Page) -> list[Choice]:
    """Their tags."""
    return [Choice(one["name"], one["name"]) for one in list_tags(page.unit, page.parts["domain"])]


def tag_choices(page: Page) -> list[Choice]:
    """The tags of licences."""
    rows = list_licence_tags(page.unit, page.parts["domain"], None)
    return [Choice(one, one) for one in dict.fromkeys(row["name"] for row in rows)]


def rows(page: Page, report: str, wanted: Wanted) -> Rows:
    """The rows of a report."""
    domain = page.parts["domain"]
    return rows_of(page, lambda unit, part: run_report(unit, domain, report, part), wanted)


PLACES = (
    Filter("virtual_accounts", _("Virtual accounts"), "tags", choices=pool_choices),
    Filter("va_tags", _("Virtual accounts with all of these tags"), "tags", choices=pool_tag_choices),
)
OF_LICENCES = (
    *PLACES,
    Filter("tags", _("Licences with all of these tags"), "tags", choices=tag_choices),
    Filter("untagged", _("Tags"), choices=(Choice("yes", _("licences without tags")),)),
)
NONE = Empty(_("Nothing to report"), _("What matches the filters is listed here."))
NAME = Column("name", _("Licence"), sub="licence", fixed=True, phone=True)
LICENCES = Table(
    "report-licences",
    _("Licences"),
    f"{PATH}/licences",
    (
        Column("name", _("Licence"), sub="licence", sort=True, fixed=True, phone=True),
        Column("virtual_account", _("Virtual account"), sort=True, phone=True),
        Column("billing", _("Billing"), value=lambda one: str(BILLING[one["billing"]]), sort=True),
        Column("types", _("Type"), value=lambda one: ", ".join(str(type_word(kind)) for kind in one["types"])),
        Figure("purchased", _("Purchased"), sort=True),
        Figure("in_use", _("In use"), sort=True),
        Figure("reserved", _("Reserved"), sort=True),
        Balance("balance", _("Balance"), sort=True, phone=True),
        State("state", _("State"), STATES, sort=True),
        Moment("next_end", _("Ends next"), sort=True),
        Column("family", _("Product family"), shown=False),
        Column("tags", _("Tags")),
    ),
    lambda page, wanted: rows(page, "licences", wanted),
    sort="name",
    filters=OF_LICENCES,
    empty=NONE,
)
SUBSCRIPTIONS = Table(
    "report-subscriptions",
    _("Licence subscriptions"),
    f"{PATH}/subscriptions",
    (
        NAME,
        Column("subscription", _("Subscription"), sort=True, phone=True),
        Column("virtual_accounts", _("Virtual accounts"), value=lambda one: ", ".join(one["virtual_accounts"])),
        Column("type", _("Type"), value=lambda one: str(type_word(one["type"]))),
        Column("billing", _("Billing"), value=lambda one: str(BILLING[one["billing"]])),
        Figure("quantity", _("Quantity"), sort=True, phone=True),
        Figure("free", _("Of it not held"), shown=False),
        Moment("start", _("Starts")),
        Moment("end", _("Ends")),
        Column("phase", _("State"), value=lambda one: str(PHASES[one["phase"]])),
        Column("order_number", _("Order")),
        Column("order_line", _("Line"), shown=False),
        Column("sku", _("SKU"), shown=False),
        Column("tags", _("Tags")),
    ),
    lambda page, wanted: rows(page, "subscriptions", wanted),
    sort="subscription",
    filters=OF_LICENCES,
    empty=NONE,
)
INSTANCES = Table(
    "report-instances",
    _("Product instances"),
    f"{PATH}/instances",
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True),
        Column("pid", _("Product id"), phone=True),
        Column("serial", _("Serial number")),
        Column("product", _("Product"), shown=False),
        Column("virtual_account", _("Virtual account")),
        Column("satellite", _("Satellite")),
        State("state", _("State"), INSTANCE_STATES),
        Column("software_version", _("Software"), shown=False),
        Moment("registered_at", _("Registered"), shown=False),
        Moment("last_contact", _("Last contact"), sort=True),
        Column("licences", _("Licences"), value=lambda one: "; ".join(one["licences"])),
    ),
    lambda page, wanted: rows(page, "instances", wanted),
    sort="name",
    filters=(*PLACES, Filter("products", _("Products or product families"), "text")),
    empty=NONE,
)
TABLES = {"licences": LICENCES, "subscriptions": SUBSCRIPTIONS, "instances": INSTANCES}


def list_page(page: Page) -> Answer:
    """Which reports there are."""
    root = f"/a/{page.parts['domain']}/reports"
    context = {
        "reports": [(f"{root}/{name}", words, about) for name, (words, about) in ABOUT.items()],
        "saved": f"{root}/saved",
    }
    return Shown("reports", _("Reports"), "reports.html", context, nav="reports", help=HELP)


def report_page(table: Table) -> Callable[[Page], Answer]:
    """The page of a report."""

    def show(page: Page) -> Answer:
        crumbs = ((_("Reports"), f"/a/{page.parts['domain']}/reports"),)
        title = _("Report: {name}", name=table.title)
        return table_page(page, table, title=title, crumbs=crumbs, nav="reports", help=HELP)

    return show


URLS = (
    Url("GET", PATH, list_page, LOOK, "C12.1"),
    *(Url("GET", one.path, report_page(one), LOOK, "C12.1", table=one) for one in TABLES.values()),
)
