"""The steps to a new satellite: its file with the key to compare, its virtual accounts, the request (row C11.1)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import new_satellite as actions
from central.actions.time import zone_of
from central.actions.virtual_accounts import create_virtual_account
from central.domain.access.rules import Permission
from central.ui.satellites.changes import MOST_REGISTRATION
from central.ui.satellites.frame import MANAGE, NAV, PATH, TITLE, root_of, server_of
from exchange.limits import REGISTRATION_BYTES
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.files import Card, sent_file
from serverkit.web.formats import fours, moment
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.wizard import Step, Wizard

NEW = f"{PATH}/new"
MAKE = Permission.VIRTUAL_ACCOUNT_MANAGE
HELP = "central-portal#new-satellite"


class Named(BaseModel):
    """Name, contact, and that the key was compared."""

    name: str = Field(max_length=255)
    email: str | None = Field(default=None, max_length=255)
    compared: bool = False


class Chosen(BaseModel):
    """Virtual accounts by their numbers."""

    virtual_account: list[str] = Field(default=[], max_length=10_000)


class NewPlace(BaseModel):
    """A virtual account that is made on the way."""

    name: str = Field(max_length=255)
    description: str = Field(default="", max_length=1024)


PLACE = Form(NewPlace, _("Make virtual account"), {"name": Ui(_("Name")), "description": Ui(_("Description"))})


def draft(page: Page) -> dict[str, Any] | None:
    """What was entered so far; read once for a visit."""
    if "draft" not in page.kept:
        page.kept["draft"] = actions.show_draft(page.unit, server_of(page).keyring, page.parts["domain"])
    found: dict[str, Any] | None = page.kept["draft"]
    return found


def wizard(page: Page) -> Wizard:
    """The steps at the place of the page."""
    root = f"{root_of(page.parts)}/new"

    def entered(name: str) -> Any:
        return lambda visit: bool((draft(visit) or {}).get(name))

    return Wizard((
        Step("file", _("File"), f"{root}/file", entered("compared")),
        Step("accounts", _("Virtual accounts"), f"{root}/accounts", entered("chosen")),
        Step("review", _("Review"), f"{root}/review", lambda _visit: False),
    ))  # fmt: skip


def _page(page: Page, step: str, title: Words, template: str, context: dict[str, Any]) -> Answer:
    steps = wizard(page)
    if not steps.is_open(page, step) and page.refusal is None:
        return Moved(steps.first_open(page).path)
    root = f"{root_of(page.parts)}/new"
    shown = {"steps_": steps.view(page), "step": step, "root": root, "draft": draft(page), **context}
    crumbs = ((TITLE, root_of(page.parts)), (_("New satellite"), f"{root}/file"))
    return Shown(f"satellite-new-{step}", title, template, shown, crumbs=crumbs, nav=NAV, help=HELP)


def card_of(found: dict[str, Any], zone: str) -> Card:
    """The card of a registration file."""
    facts = [
        (_("Satellite"), found["own_name"]),
        (_("Key, to be compared at the satellite"), fours(found["key_fingerprint"].replace(" ", ""))),
        (_("Host"), found["host"]),
        (_("Version"), found["software_version"]),
        (_("Made"), moment(found["created"], zone)),
        (_("Id"), found["satellite"]),
    ]
    return Card("registration", _("Registration file"), facts, found["digest"])


def file_page(page: Page) -> Answer:
    """The file, then what it says, name, contact and the key to compare."""
    found = draft(page)
    context: dict[str, Any] = {"most": REGISTRATION_BYTES, "card": None, "view": None}
    if found is not None:
        root = f"{root_of(page.parts)}/new"
        key = found["key_fingerprint"]
        form = Form(
            Named,
            _("Continue"),
            {
                "name": Ui(_("Name"), _("As it is called at central.")),
                "email": Ui(
                    _("Contact"),
                    _("Gets a mail when the authorization file is ready, and when a file was processed."),
                    kind="email",
                ),
                "compared": Ui(_("I compared key {key} with the one that the satellite shows", key=key)),
            },
        )
        view = form.view(page, f"{root}/name", values=found, cancel="")
        context |= {"card": card_of(found, zone_of(page.unit)), "view": view}
    return _page(page, "file", _("New satellite: file"), "satellite_new_file.html", context)


def take_file(page: Page) -> Answer:
    """Take the registration file."""
    with sent_file(page)() as stream:
        actions.take_registration(page.unit, server_of(page).keyring, page.parts["domain"], stream)
    return Moved(f"{root_of(page.parts)}/new/file")


def name(page: Page) -> Answer:
    """Enter name and contact."""
    read = cast("Named", page.read)
    if not read.compared:
        raise InvalidFormError(
            {"compared": _("Compare the key and tick this: it is what proves that the file comes from your satellite.")}
        )
    actions.name_satellite(
        page.unit, server_of(page).keyring, page.parts["domain"], read.name, read.email or None, compared=read.compared
    )
    return Moved(f"{root_of(page.parts)}/new/accounts")


def accounts_page(page: Page) -> Answer:
    """The virtual accounts, with why some cannot be chosen; a form for a new one."""
    domain, root = page.parts["domain"], f"{root_of(page.parts)}/new"
    if draft(page) is None:
        return Moved(f"{root}/file")
    found = actions.list_candidates(page.unit, server_of(page).keyring, domain)
    if page.typed is not None and page.url.path.endswith("/accounts"):
        ticked = set(page.sent.getlist("virtual_account"))
        found = [{**one, "chosen": one["number"] in ticked} for one in found]
    mine = page.url.path.endswith("/account")
    view = PLACE.view(page, f"{root}/account", quiet=True, fresh=not mine) if page.may(MAKE) else None
    return _page(
        page,
        "accounts",
        _("New satellite: virtual accounts"),
        "satellite_new_accounts.html",
        {"found": found, "view": view},
    )


def choose(page: Page) -> Answer:
    """Choose virtual accounts."""
    numbers = cast("Chosen", page.read).virtual_account
    actions.choose_virtual_accounts(page.unit, server_of(page).keyring, page.parts["domain"], numbers)
    return Moved(f"{root_of(page.parts)}/new/review")


def make_place(page: Page) -> Answer:
    """Make a virtual account and choose it, too."""
    read, domain = cast("NewPlace", page.read), page.parts["domain"]
    made = create_virtual_account(page.unit, domain, read.name, read.description)
    actions.choose_too(page.unit, domain, made["id"])
    return Moved(f"{root_of(page.parts)}/new/accounts", _("Virtual account {name} made and chosen.", name=made["name"]))


def review_page(page: Page) -> Answer:
    """What is asked for, and what it changes."""
    found = draft(page)
    card = card_of(found, zone_of(page.unit)) if found else None
    ready = found is not None and found["refusal"] is None and not any(one["reason"] for one in found["chosen"])
    return _page(
        page, "review", _("New satellite: review"), "satellite_new_review.html", {"card": card, "ready": ready}
    )


def ask(page: Page) -> Answer:
    """Ask for the authorization."""
    domain = page.parts["domain"]
    made = actions.request_authorization(page.unit, server_of(page).keyring, domain)
    return Moved(
        f"{root_of(page.parts)}/{made['id']}/authorization",
        _("The authorization of {name} is requested.", name=made["name"]),
    )


def cancel(page: Page) -> Answer:
    """Forget what was entered."""
    actions.drop_new_satellite(page.unit, page.parts["domain"])
    return Moved(root_of(page.parts), _("Nothing was requested."))


ROW = "C11.1"
URLS = (
    Url("GET", f"{NEW}/file", file_page, MANAGE, ROW),
    Url("POST", f"{NEW}/file", take_file, MANAGE, ROW, most_bytes=MOST_REGISTRATION),
    Url("POST", f"{NEW}/name", name, MANAGE, ROW, form=Named, again=file_page),
    Url("GET", f"{NEW}/accounts", accounts_page, MANAGE, ROW),
    Url("POST", f"{NEW}/accounts", choose, MANAGE, ROW, form=Chosen),
    Url("POST", f"{NEW}/account", make_place, MAKE, ROW, form=NewPlace, again=accounts_page),
    Url("GET", f"{NEW}/review", review_page, MANAGE, ROW),
    Url("POST", f"{NEW}/review", ask, MANAGE, ROW),
    Url("POST", f"{NEW}/cancel", cancel, MANAGE, ROW, again=file_page),
)
