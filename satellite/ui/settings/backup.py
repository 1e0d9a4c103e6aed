"""Backups that the satellite makes itself: the list, one more, the schedule, the passphrase (row S3.4)."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, Field, SecretStr

from satellite.actions import backups as actions
from satellite.actions.tasks import is_scheduled, show_task, stop_task
from satellite.ui.settings.frame import MANAGE, PATH, UP, server_of, settings_page
from satellite.ui.way import DAYS, EVERY, WEEKDAYS
from satellite.ui.zone import zone_of, zones
from serverkit.day_times import TimeOfDay, ZoneName
from serverkit.errors import NotFoundError
from serverkit.web.answers import Answer, Moved, Sent, Shown
from serverkit.web.console import Severity
from serverkit.web.formats import distance
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.task_pages import task_view, work_page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url

BACKUP = f"{PATH}/backup"
TITLE = _("Backup")
MEDIA = "application/octet-stream"
STATES: dict[str, tuple[Words, Severity | None]] = {
    "verified": (_("verified"), None),
    "not_verified": (_("not verified"), None),
    "damaged": (_("damaged"), Severity.MAJOR),
    "unreadable": (_("cannot be read"), Severity.MAJOR),
}
STAGES: dict[str, Words] = {
    "write": _("Write the backup"),
    "verify": _("Verify it as a restore would"),
    "tidy": _("Remove the oldest"),
}
NAMES: dict[str, Words] = {actions.MAKE: _("Make a backup"), actions.VERIFY: _("Verify a backup")}
SCHEDULES = tuple(Choice(name, EVERY[name]) for name in ("off", "daily", "weekly"))


class PlanForm(BaseModel):
    """When backups are made, and how many are kept."""

    every: Literal["off", "daily", "weekly"] = "off"
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    at: TimeOfDay = Field(default="02:00", max_length=5)
    zone: ZoneName = Field(default="UTC", max_length=64)
    keep: int = Field(default=7, ge=1, le=365)


class PassphraseForm(BaseModel):
    """A passphrase; an empty one has one generated."""

    passphrase: SecretStr | None = Field(default=None, min_length=12, max_length=1024)


PLAN = Form(
    PlanForm,
    _("Save"),
    {
        "every": Ui(_("Make a backup"), choices=SCHEDULES, kind="select"),
        "weekday": Ui(_("Day, if every week"), choices=tuple(map(Choice, WEEKDAYS, DAYS)), kind="select"),
        "at": Ui(_("Time of day"), _("Hours and minutes, such as 03:30."), width="narrow"),
        "zone": Ui(_("Zone"), kind="select"),
        "keep": Ui(_("Backups to keep"), _("1 to 365. The newest verified one always stays."), width="narrow"),
    },
)
PASSPHRASE = Form(
    PassphraseForm,
    _("Set passphrase"),
    {
        "passphrase": Ui(
            _("Passphrase"),
            _("12 characters or more. Leave it empty to have one generated, which is shown once."),
            kind="password",
            autocomplete="new-password",
        ),
    },
)


def present_plan(page: Page) -> dict[str, Any]:
    """The schedule, which someone else may have changed meanwhile; the zone of the page is proposed where there is none."""
    found = actions.show_backups(server_of(page), page.unit)
    return {
        **{name: found[name] for name in ("every", "at", "keep")},
        "weekday": WEEKDAYS[found["weekday"]],
        "zone": found["zone"] if found["every"] != "off" else zone_of(page),
    }


def show(page: Page) -> Answer:
    """The backups, the way to one more, schedule and passphrase, and how a restore goes."""
    found = actions.show_backups(server_of(page), page.unit)
    typed = page.typed if page.typed is not None else {}
    plan = PLAN.view(
        page,
        f"{BACKUP}/plan",
        current=present_plan(page),
        choices={"zone": zones()},
        fresh="keep" not in typed,
        theirs=BACKUP,
        quiet=True,
    )
    newest = found["newest_verified"]
    context = {
        "found": found,
        "rows": [(one, *STATES[one["state"]], distance(one["created"], page.now)) for one in found["items"]],
        "plan": plan,
        "age": distance(newest, page.now) if newest else "",
        "scheduled": is_scheduled(page.unit),
    }
    return settings_page("backup", TITLE, "settings_backup.html", context, "backup-and-restore")


def save_plan(page: Page) -> Answer:
    """Keep schedule and retention."""
    read = cast("PlanForm", page.read)
    changes = {**read.model_dump(exclude={"weekday"}), "weekday": WEEKDAYS.index(read.weekday)}
    actions.change_backup_plan(server_of(page), page.unit, changes)
    return Moved(BACKUP, _("Saved."))


def passphrase_page(page: Page) -> Answer:
    """The form of the passphrase."""
    view = PASSPHRASE.view(page, f"{BACKUP}/passphrase", cancel=BACKUP)
    intro = _(
        "Backups are encrypted with this passphrase and cannot be opened without it. Store it outside this machine: a restore asks for it. Existing backups keep the passphrase that they were made with."
    )
    context = {"view": view, "intro": intro}
    return Shown(
        "settings-backup-passphrase", _("Backup passphrase"), "form_page.html", context, crumbs=_UP, nav="settings",
        help="backup-and-restore",
    )  # fmt: skip


def set_passphrase(page: Page) -> Answer:
    """Keep the passphrase, or generate one and show it once."""
    given = cast("PassphraseForm", page.read).passphrase
    made = actions.set_backup_passphrase(
        server_of(page), page.unit, given.get_secret_value() if given is not None else None
    )
    if made is None:
        return Moved(BACKUP, _("Passphrase set."))
    context = {"made": made, "back": BACKUP}
    return Shown(
        "settings-backup-passphrase-made", _("Passphrase made"), "settings_backup_passphrase.html", context,
        crumbs=_UP, nav="settings", help="backup-and-restore",
    )  # fmt: skip


def make(page: Page) -> Answer:
    """Ask for a backup."""
    return Moved(f"{BACKUP}/task/{actions.start_backup(page.unit)}")


def find(page: Page) -> dict[str, Any]:
    """The backup of the address; UnknownBackupError."""
    return actions.find_backup(server_of(page), page.unit, page.parts["name"])


def verify(page: Page) -> Answer:
    """Ask for a verification."""
    return Moved(f"{BACKUP}/task/{actions.start_verification(server_of(page), page.unit, page.thing['name'])}")


def download(page: Page) -> Answer:
    """The file."""
    return Sent(page.thing["name"], MEDIA, actions.read_backup(server_of(page), page.unit, page.thing["name"]))


def remove_page(page: Page) -> Answer:
    """Ask before a backup is removed."""
    one = page.thing
    view = Form(BaseModel, _("Remove backup")).view(
        page, f"{BACKUP}/{one['name']}/remove", cancel=BACKUP, cancel_words=_("Keep it"), danger=True
    )
    effect = _("{name} is removed from this machine and cannot be restored.", name=one["name"])
    context = {"view": view, "effect": effect, "effects": (), "about": ()}
    return Shown("settings-backup-remove", _("Remove backup"), "confirm.html", context, crumbs=_UP, nav="settings")


def remove(page: Page) -> Answer:
    """Remove a backup."""
    actions.remove_backup(server_of(page), page.unit, page.thing["name"])
    return Moved(BACKUP, _("Backup removed."))


def find_task(page: Page) -> dict[str, Any]:
    """The task of the address, if it is about backups; NotFoundError."""
    found = show_task(server_of(page), page.unit, page.parts["id"])
    if found["kind"] not in NAMES:
        raise NotFoundError
    return found


def watch(page: Page) -> Answer:
    """How far a task is."""
    task = page.thing
    done = _("The backup is made and verified.") if task["kind"] == actions.MAKE else _("The backup is sound.")
    view = task_view(
        task, f"{BACKUP}/task/{task['id']}", NAMES[task["kind"]], STAGES, result=done if task["state"] == "done" else ""
    )
    more = None
    if task["state"] == "done":
        more = (_("Download it"), f"{BACKUP}/{task['result']['name']}/download")
    return work_page(
        page, "settings-backup-task", view, crumbs=_UP, nav="settings", help="backup-and-restore",
        back=(_("Backups"), BACKUP), more=more,
    )  # fmt: skip


def stop(page: Page) -> Answer:
    """Stop before the next stage."""
    stop_task(server_of(page), page.unit, page.thing["id"])
    return Moved(f"{BACKUP}/task/{page.thing['id']}")


_UP = (*UP, (TITLE, BACKUP))
_ROW, _ONE = "S3.4", f"{BACKUP}/{{name}}"
URLS = (
    Url("GET", BACKUP, show, MANAGE, _ROW),
    Url("POST", f"{BACKUP}/plan", save_plan, MANAGE, _ROW, form=PlanForm, again=show, current=present_plan),
    Url("GET", f"{BACKUP}/passphrase", passphrase_page, MANAGE, _ROW, fresh=True),
    Url("POST", f"{BACKUP}/passphrase", set_passphrase, MANAGE, _ROW, form=PassphraseForm, fresh=True),
    Url("POST", f"{BACKUP}/make", make, MANAGE, _ROW, again=show),
    Url("GET", f"{BACKUP}/task/{{id}}", watch, MANAGE, _ROW, load=find_task),
    Url("POST", f"{BACKUP}/task/{{id}}/stop", stop, MANAGE, _ROW, load=find_task, again=watch),
    Url("GET", f"{_ONE}/download", download, MANAGE, _ROW, load=find, fresh=True),
    Url("POST", f"{_ONE}/verify", verify, MANAGE, _ROW, load=find, again=show),
    Url("GET", f"{_ONE}/remove", remove_page, MANAGE, _ROW, load=find, fresh=True),
    Url("POST", f"{_ONE}/remove", remove, MANAGE, _ROW, load=find, fresh=True, grade=Grade.DIALOG),
)
