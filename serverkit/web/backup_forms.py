"""Forms and words of the pages of backups (row S3.4)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from serverkit.backup.ports import MAKE, VERIFY
from serverkit.day_times import TimeOfDay, ZoneName
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.schedule_words import DAYS, EVERY, WEEKDAYS, Weekday
from serverkit.web.texts import Words, _

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
NAMES: dict[str, Words] = {MAKE: _("Make a backup"), VERIFY: _("Verify a backup")}
DONE: dict[str, Words] = {MAKE: _("The backup is made and verified."), VERIFY: _("The backup is sound.")}
SCHEDULES = tuple(Choice(name, EVERY[name]) for name in ("off", "daily", "weekly"))


class PlanForm(BaseModel):
    """When backups are made, and how many are kept."""

    every: Literal["off", "daily", "weekly"] = "off"
    weekday: Weekday = "monday"
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
