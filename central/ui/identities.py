"""How a user signs in by the provider: list, add, disable, remove, for the vendor (row C1.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import provider_sign_in as actions
from central.domain.credentials.errors import UnknownIdentityError
from central.runtime import Central
from central.ui.users import LIST, MANAGE, PATH, find_user
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Form, FormView, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Column,
    Empty,
    Ident,
    Item,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
    from_list,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url

IDENTITIES_PATH = f"{PATH}/{{id}}/identities"
HELP = "central-portal#sign-in-by-a-provider"
STATES = {"enabled": StateWords(_("Can sign in")), "disabled": StateWords(_("Disabled"), Severity.INFO)}


class NewIdentity(BaseModel):
    """How the provider knows someone."""

    subject: str = Field(min_length=1, max_length=255)


ADD = Form(
    NewIdentity,
    _("Add sign-in"),
    {"subject": Ui(_("Subject"), _("The claim `sub` of the ID token: what the provider calls the person for good."))},
)


def _path(item: Item) -> str:
    return f"{PATH}/{item['user']}/identities"


def identity_rows(page: Page, wanted: Wanted) -> Rows:
    """The identities of the user."""
    user = page.parts["id"]
    found = actions.list_identities(page.unit, user)
    items = [{**one, "user": user, "state": "disabled" if one["disabled"] else "enabled"} for one in found]
    return from_list(IDENTITIES, items, wanted)


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: f"{_path(one)}/{one['id']}/{verb}"


IDENTITIES = Table(
    "identities",
    _("Sign-in by the provider"),
    IDENTITIES_PATH,
    (
        Column("subject", _("Subject"), sort=True, fixed=True, phone=True),
        Column("issuer", _("Issuer"), sort=True),
        Moment("created_at", _("Added"), sort=True),
        State("state", _("State"), STATES, sort=True, phone=True),
        Ident("id", _("Id"), shown=False),
    ),
    identity_rows,
    sort="subject",
    acts=(
        Act(_("Disable"), _act("disable"), MANAGE, fits=lambda one: not one["disabled"]),
        Act(_("Enable"), _act("enable"), MANAGE, fits=lambda one: bool(one["disabled"])),
        Act(_("Remove"), _act("remove"), MANAGE, danger=True),
    ),
    empty=Empty(
        _("Not known to the provider"),
        _("The user signs in with a password. The provider's groups may make other users at their first sign-in."),
    ),
)


def list_page(page: Page) -> Answer:
    """The list; where no provider is set, it says so in place of the button."""
    label = actions.provider_label(cast("Central", page.server))
    context = {
        "provider": label,
        "add_path": f"{_path({'user': page.parts['id']})}/new",
        "intro": _("By {provider}.", provider=label) if label else _("No provider is set: `openid.issuer` is empty."),
    }
    title = _("Sign-in of {name} by the provider", name=page.thing["name"])
    return table_page(
        page, IDENTITIES, template="identities.html", context=context, title=title, crumbs=LIST, nav="users", help=HELP
    )


def new_page(page: Page) -> Answer:
    """Which subject of the provider the user is."""
    view = ADD.view(page, f"{_path({'user': page.thing['id']})}/new", cancel=_path({"user": page.thing["id"]}))
    effect = _("The person whom the provider knows by this subject signs in as {name}.", name=page.thing["name"])
    return _shown(page, "identity-new", _("Add sign-in of {name}", name=page.thing["name"]), view, effect)


def add(page: Page) -> Answer:
    """Link them; NoProviderError, IdentityExistsError."""
    subject = cast("NewIdentity", page.read).subject
    actions.add_identity(cast("Central", page.server), page.unit, page.thing["name"], subject)
    return Moved(_path({"user": page.thing["id"]}), _("Sign-in added."))


def find_identity(page: Page) -> Item:
    """The identity of the address with its user; UnknownUserError, UnknownIdentityError."""
    user = find_user(page)
    for one in actions.list_identities(page.unit, user["id"]):
        if one["id"] == page.parts["identity"]:
            return {**one, "user": user["id"]}
    raise UnknownIdentityError("{name} does not sign in by the provider", name=user["name"])


VERBS: dict[str, tuple[Words, Callable[[str], Words], Words]] = {
    "disable": (
        _("Disable sign-in"),
        lambda name: _("Sign-ins of {name} as this subject are refused; all sessions of {name} end.", name=name),
        _("Sign-in disabled."),
    ),
    "enable": (
        _("Enable sign-in"),
        lambda name: _("{name} can sign in as this subject again.", name=name),
        _("Sign-in enabled."),
    ),
    "remove": (
        _("Remove sign-in"),
        lambda name: _(
            "Central forgets this subject; all sessions of {name} end. The user and the roles stay.", name=name
        ),
        _("Sign-in removed."),
    ),
}
"""By verb: what its button says, what it does, what is said afterwards."""


def _ask(verb: str) -> Callable[[Page], Answer]:
    words, effect, _done = VERBS[verb]

    def show(page: Page) -> Answer:
        one = page.thing
        form = Form(BaseModel, words)
        view = form.view(page, _act(verb)(one), cancel=_path(one), danger=verb == "remove")
        about = ((_("Subject"), one["subject"]), (_("Issuer"), one["issuer"]))
        return _shown(page, f"identity-{verb}", words, view, effect(one["name"]), about)

    return show


def _do(verb: str) -> Callable[[Page], Answer]:
    def do(page: Page) -> Answer:
        one = page.thing
        if verb == "remove":
            actions.remove_identity(page.unit, one["name"], one["id"])
        else:
            actions.disable_identity(page.unit, one["name"], one["id"], disabled=verb == "disable")
        return Moved(_path(one), VERBS[verb][2])

    return do


def _shown(
    page: Page, name: str, title: Words, view: FormView, effect: Words, about: tuple[tuple[Words, Any], ...] = ()
) -> Shown:
    back = f"{PATH}/{page.parts['id']}/identities"
    context = {"view": view, "effect": effect, "about": about, "reasons": (), "command": "", "back": back}
    crumbs = (*LIST, (IDENTITIES.title, back))
    return Shown(name, title, "change.html", context, crumbs=crumbs, nav="users", help=HELP)


NEW, ONE = f"{IDENTITIES_PATH}/new", f"{IDENTITIES_PATH}/{{identity}}"
URLS = (
    Url("GET", IDENTITIES_PATH, list_page, MANAGE, "C1.5", load=find_user, table=IDENTITIES),
    Url("GET", NEW, new_page, MANAGE, "C1.5", load=find_user, fresh=True),
    Url("POST", NEW, add, MANAGE, "C1.5", form=NewIdentity, load=find_user, fresh=True),
    *(
        Url(method, f"{ONE}/{verb}", (_ask if method == "GET" else _do)(verb), MANAGE, "C1.5", load=find_identity,
            fresh=True, grade=Grade.DIALOG)
        for verb in VERBS
        for method in ("GET", "POST")
    ),
)  # fmt: skip
