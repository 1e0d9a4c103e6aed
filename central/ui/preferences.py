"""Preferences: mail about an account, and the flags of the account with their log (rows C12.2, C12.3)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import preferences as actions
from central.actions.event_log import list_event_window
from central.actions.time import zone_of
from central.domain.access.rules import Permission
from central.domain.preferences.errors import AddressMissingError, UnknownFlagError
from central.domain.preferences.rules import FLAGS, NOTICES
from serverkit.day_times import DayTimeError, read_zone
from serverkit.db.windows import Part
from serverkit.errors import InvalidInputError
from serverkit.mail.sender import check_address
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

MANAGE, OWN = Permission.FLAG_MANAGE, Permission.NOTICE_MANAGE
PATH = "/a/{domain}/preferences"
HELP = "central-portal#preferences"
WORDS: dict[str, Words] = {
    "insufficient": _("Too few licences"),
    "expiring": _("Terms that end soon"),
    "expired": _("Terms that ended"),
    "failed_to_connect": _("Product instances that do not connect"),
    "failed_to_renew": _("Product instances that did not renew, and their removal"),
    "satellite_overdue": _("Satellites that are due or overdue"),
    "satellite_removed": _("Satellites that were removed"),
    "new_licences": _("New licences"),
    "new_instance": _("New product instances"),
    "licences_reserved": _("Reserved licences"),
    "file_processed": _("Processed files of satellites"),
}
FLAG_WORDS: dict[str, tuple[Words, Words]] = {
    "add_to_inventory": (
        _("Add to inventory"),
        _("Licences that a device brings may be added to the inventory. It is advised to leave this on."),
    ),
    "transaction_details": (
        _("Licence transaction details"),
        _("The inventory shows each purchase and grant of licences, and searches them with advanced filters."),
    ),
}
SHOWN = 50


class MailForm(BaseModel):
    """What someone is mailed about."""

    address: str = Field(default="", max_length=255)
    kinds: list[str] = Field(default=[], max_length=50)
    at_once: bool = False
    summary: bool = False
    own_zone: str = Field(default="", max_length=64)


class FlagForm(BaseModel):
    """The value of a flag, and why."""

    on: bool = False
    note: str = Field(max_length=1024)


def mail_form(zone: str) -> Form:
    """The form of mail; the zone of central, in which times are where none is chosen, is shown."""
    return Form(
        MailForm,
        _("Save"),
        {
            "address": Ui(_("E-mail address"), _("Yours, for every account."), kind="email"),
            "kinds": Ui(
                _("Mail me about"), kind="checks", choices=tuple(Choice(name, WORDS[name]) for name in NOTICES)
            ),
            "at_once": Ui(_("Within a minute")),
            "summary": Ui(
                _("Daily summary"),
                _("At 00:01, with all open alerts of these kinds and what happened since the last one."),
            ),
            "own_zone": Ui(
                _("Time zone"),
                _(
                    "Of the summary and of times in mails, such as Europe/Vienna. Empty: that of central, {zone}.",
                    zone=zone,
                ),
                placeholder=zone,
                mono=True,
            ),
        },
    )


def tabs(page: Page) -> dict[str, Any]:
    """The tabs; flags are for the administrators of the account."""
    root = f"/a/{page.parts['domain']}/preferences"
    items = [("mail", _("E-mail"), root)]
    if page.may(MANAGE):
        items.append(("flags", _("Configuration flags"), f"{root}/flags"))
    return {"tab_items": items, "tab_label": _("Parts of the preferences"), "root": root}


def mail_page(page: Page) -> Answer:
    """What the person is mailed about."""
    found = actions.show_preferences(page.unit, page.parts["domain"])
    context = {"tab": "mail", **tabs(page)}
    context["view"] = mail_form(zone_of(page.unit)).view(page, context["root"], values=found)
    return Shown("preferences", _("Preferences"), "preferences.html", context, nav="preferences", help=HELP)


def save_mail(page: Page) -> Answer:
    """Keep it."""
    read = cast("MailForm", page.read)
    reasons: dict[str, Words] = {}
    if read.address:
        try:
            check_address(read.address)
        except InvalidInputError as error:
            reasons["address"] = error.message
    elif read.kinds and (read.at_once or read.summary):
        reasons["address"] = _("Mail needs an address.")
    if any(name not in NOTICES for name in read.kinds):
        reasons["kinds"] = _("Choose from the list.")
    if read.own_zone:
        try:
            read_zone(read.own_zone)
        except DayTimeError:
            reasons["own_zone"] = _("This is no time zone; a name such as Europe/Vienna is needed.")
    if reasons:
        raise InvalidFormError(reasons)
    chosen = (page.unit, page.parts["domain"], read.address, read.kinds)
    try:
        actions.set_preferences(*chosen, at_once=read.at_once, summary=read.summary, zone=read.own_zone)
    except AddressMissingError as error:
        raise InvalidFormError({"address": error.message}) from error
    return Moved(f"/a/{page.parts['domain']}/preferences", _("Saved."))


def flags_page(page: Page) -> Answer:
    """The flags, and who changed them why."""
    domain = page.parts["domain"]
    found = actions.show_flags(page.unit, domain)
    changes = list_event_window(page.unit, domain, part=Part(most=SHOWN, filters={"kind": "flag:changed"}))
    context = {"tab": "flags", "flags": [(key, *FLAG_WORDS[key], on) for key, on in found.items()], **tabs(page)}
    context["changes"] = changes.items
    return Shown("flags", _("Configuration flags"), "flags.html", context, nav="preferences", help=HELP)


def flag_page(page: Page) -> Answer:
    """The form of one flag."""
    key = page.parts["flag"]
    if key not in FLAGS:
        raise UnknownFlagError("there is no flag {key!r}", key=key[:32])
    words, note = FLAG_WORDS[key]
    root = f"/a/{page.parts['domain']}/preferences/flags"
    form = Form(FlagForm, _("Save"), {"on": Ui(_("On"), note), "note": Ui(_("Reason"), _("It is kept in the log."))})
    values = {"on": actions.show_flags(page.unit, page.parts["domain"])[key]}
    view = form.view(page, f"{root}/{key}", values=values, cancel=root)
    crumbs = ((_("Configuration flags"), root),)
    return Shown("flag", words, "form_page.html", {"view": view}, crumbs=crumbs, nav="preferences", help=HELP)


def save_flag(page: Page) -> Answer:
    """Set it."""
    read = cast("FlagForm", page.read)
    if not read.note.strip():
        raise InvalidFormError({"note": _("Say why it is changed.")})
    actions.set_flag(page.unit, page.parts["domain"], page.parts["flag"], on=read.on, note=read.note)
    return Moved(f"/a/{page.parts['domain']}/preferences/flags", _("Saved."))


URLS = (
    Url("GET", PATH, mail_page, OWN, "C12.2"),
    Url("POST", PATH, save_mail, OWN, "C12.2", form=MailForm, twin="set_preferences"),
    Url("GET", f"{PATH}/flags", flags_page, MANAGE, "C12.3"),
    Url("GET", f"{PATH}/flags/{{flag}}", flag_page, MANAGE, "C12.3"),
    Url("POST", f"{PATH}/flags/{{flag}}", save_flag, MANAGE, "C12.3", form=FlagForm, twin="set_flag"),
)
