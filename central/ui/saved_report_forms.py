"""The forms of saved reports: what they are about, when they run, their removal (row C12.1)."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from central.actions import saved_reports as actions
from central.actions.time import zone_of
from central.domain.reports.rules import FILTERS_OF, LONGEST_FILTER, Every, Schedule, Wish
from central.ui.reports import ABOUT, pool_choices, pool_tag_choices, tag_choices
from central.ui.saved_reports import EVERY, FORMATS, HELP, ONE, OWN, PATH, ROW, crumbs_of, find_report, root_of
from serverkit.day_times import DayTimeError, read_time, read_zone
from serverkit.errors import NotFoundError
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Choice, Form, FormView, NoFields, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url


class SavedForm(BaseModel):
    """A report to be saved."""

    name: str = Field(max_length=255)
    description: str = Field(default="", max_length=1024)
    report: Literal["licences", "subscriptions", "instances"] = "licences"
    virtual_accounts: str = Field(default="", max_length=20_000)
    va_tags: str = Field(default="", max_length=LONGEST_FILTER)
    tags: str = Field(default="", max_length=LONGEST_FILTER)
    untagged: bool = False
    products: str = Field(default="", max_length=LONGEST_FILTER)
    format: Literal["csv", "xlsx"] = "csv"


class ScheduleForm(BaseModel):
    """When a report runs by itself."""

    every: Every = Every.NEVER
    day: int = Field(default=1, ge=1, le=31)
    at: str = Field(default="06:00", max_length=5)
    own_zone: str = Field(default="", max_length=64)


FORM = Form(
    SavedForm,
    _("Save"),
    {
        "name": Ui(_("Name")),
        "description": Ui(_("Description")),
        "report": Ui(
            _("Report"), kind="radios", choices=[Choice(name, words) for name, (words, _about) in ABOUT.items()]
        ),
        "virtual_accounts": Ui(_("Virtual accounts"), _("Empty: all that you may see."), kind="tags"),
        "va_tags": Ui(_("Virtual accounts with all of these tags"), kind="tags"),
        "tags": Ui(_("Licences with all of these tags"), kind="tags"),
        "untagged": Ui(_("Licences without tags")),
        "products": Ui(_("Products or product families"), _("Of product instances; separated by commas.")),
        "format": Ui(_("File"), kind="radios", choices=[Choice(*one) for one in FORMATS.items()]),
    },
)


def schedule_form(zone: str) -> Form:
    """The form of a schedule; the zone of central is shown."""
    return Form(
        ScheduleForm,
        _("Save"),
        {
            "every": Ui(_("Runs"), kind="radios", choices=[Choice(*one) for one in EVERY.items()]),
            "day": Ui(
                _("Day"),
                _("Of the week (1 is Monday) or of the month; in a shorter month it is the last one."),
                width="narrow",
            ),
            "at": Ui(_("Time"), _("Such as 06:00."), width="narrow", mono=True),
            "own_zone": Ui(
                _("Time zone"), _("Empty: that of central, {zone}.", zone=zone), placeholder=zone, mono=True
            ),
        },
    )


def _view(page: Page, action: str, cancel: str, values: dict[str, Any]) -> FormView:
    choices = {"virtual_accounts": pool_choices(page), "va_tags": pool_tag_choices(page), "tags": tag_choices(page)}
    return FORM.view(page, action, values=values, choices=choices, cancel=cancel)


def new_page(page: Page) -> Answer:
    """The form of a new one."""
    view = _view(page, f"{root_of(page)}/new", root_of(page), {"report": "licences", "format": "csv"})
    return Shown(
        "saved-report-new", _("New saved report"), "form_page.html", {"view": view},
        crumbs=crumbs_of(page), nav="reports", help=HELP,
    )  # fmt: skip


def _wish(page: Page) -> Wish:
    read = cast("SavedForm", page.read)
    filters = {"va_tags": read.va_tags, "tags": read.tags, "products": read.products}
    filters["untagged"] = "yes" if read.untagged else ""
    reasons: dict[str, Words] = {
        name: _("This report has no such filter.")
        for name, value in filters.items()
        if value and name not in FILTERS_OF[read.report]
    }
    if read.tags and read.untagged and "tags" not in reasons:
        reasons["untagged"] = _("Licences cannot have tags and none at once.")
    if reasons:
        raise InvalidFormError(reasons)
    places = actions.names_in(page.unit, page.parts["domain"], read.virtual_accounts)
    return Wish(read.name, read.report, read.format, read.description, places, filters)


def _save(page: Page, report_id: str | None) -> Answer:
    wish = _wish(page)
    try:
        saved = actions.save_report(page.unit, page.parts["domain"], wish, report_id)
    except NotFoundError as error:  # the report itself was found before
        raise InvalidFormError({"virtual_accounts": error.message}) from error
    return Moved(f"{root_of(page)}/{saved['id']}", _("Report saved."))


def save_new(page: Page) -> Answer:
    """Save it."""
    return _save(page, None)


def edit_page(page: Page) -> Answer:
    """The form with what is saved."""
    one, path = page.thing, f"{root_of(page)}/{page.thing['id']}"
    values = {**one, "virtual_accounts": ", ".join(one["virtual_accounts"] or ())}
    view = _view(page, f"{path}/edit", path, values)
    return Shown(
        "saved-report-edit", _("Edit saved report"), "form_page.html", {"view": view},
        crumbs=(*crumbs_of(page), (one["name"], path)), nav="reports", help=HELP,
    )  # fmt: skip


def edit(page: Page) -> Answer:
    """Change it."""
    return _save(page, page.thing["id"])


def schedule_page(page: Page) -> Answer:
    """When it runs."""
    one, path = page.thing, f"{root_of(page)}/{page.thing['id']}"
    view = schedule_form(zone_of(page.unit)).view(page, f"{path}/schedule", values=one, cancel=path)
    intro = _("After each run a mail tells you that the file is there. The mail has a link, and nothing of the report.")
    return Shown(
        "saved-report-schedule", _("Schedule {name}", name=one["name"]), "form_page.html", {"view": view, "intro": intro},
        crumbs=(*crumbs_of(page), (one["name"], path)), nav="reports", help=HELP,
    )  # fmt: skip


def schedule(page: Page) -> Answer:
    """Set it."""
    read, reasons = cast("ScheduleForm", page.read), dict[str, Words]()
    if read.every is Every.WEEK and read.day > 7:
        reasons["day"] = _("A week has the days 1 to 7.")
    try:
        read_time(read.at)
    except DayTimeError:
        reasons["at"] = _("A time such as 06:00 is needed.")
    if read.own_zone:
        try:
            read_zone(read.own_zone)
        except DayTimeError:
            reasons["own_zone"] = _("This is no time zone; a name such as Europe/Vienna is needed.")
    if reasons:
        raise InvalidFormError(reasons)
    wanted = Schedule(read.every, read.day, read.at, read.own_zone)
    actions.schedule_report(page.unit, page.parts["domain"], page.thing["id"], wanted)
    return Moved(f"{root_of(page)}/{page.thing['id']}", _("Saved."))


def remove_page(page: Page) -> Answer:
    """Say what goes."""
    one, path = page.thing, f"{root_of(page)}/{page.thing['id']}"
    view = Form(NoFields, _("Remove")).view(page, f"{path}/remove", cancel=path, cancel_words=_("Keep it"), danger=True)
    effect = _("{name} goes with its schedule, its runs and their files.", name=one["name"])
    return Shown(
        "saved-report-remove", _("Remove saved report"), "confirm.html", {"view": view, "effect": effect},
        crumbs=(*crumbs_of(page), (one["name"], path)), nav="reports", help=HELP,
    )  # fmt: skip


def remove(page: Page) -> Answer:
    """Remove it."""
    actions.remove_report(page.unit, page.parts["domain"], page.thing["id"])
    return Moved(root_of(page), _("Report removed."))


URLS = (
    Url("GET", f"{PATH}/new", new_page, OWN, ROW),
    Url("POST", f"{PATH}/new", save_new, OWN, ROW, form=SavedForm, twin="save_report"),
    Url("GET", f"{ONE}/edit", edit_page, OWN, ROW, load=find_report),
    Url("POST", f"{ONE}/edit", edit, OWN, ROW, form=SavedForm, load=find_report, twin="change_saved_report"),
    Url("GET", f"{ONE}/schedule", schedule_page, OWN, ROW, load=find_report),
    Url("POST", f"{ONE}/schedule", schedule, OWN, ROW, form=ScheduleForm, load=find_report, twin="schedule_report"),
    Url("GET", f"{ONE}/remove", remove_page, OWN, ROW, load=find_report),
    Url("POST", f"{ONE}/remove", remove, OWN, ROW, load=find_report, twin="remove_saved_report", grade=Grade.DIALOG),
)
