"""Forms and words of the pages of backups (row S3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from serverkit.backup.ports import LOOK, MAKE, REHEARSE, SEND, TRY, VERIFY
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
    "copy": _("Copy it to the target, and read it back"),
    "unpack": _("Unpack it into a scratch folder, and compare"),
    "rehearse": _("Restore it into a scratch folder, and verify the server there"),
    "try": _("Write a small file, and read it back"),
}
NAMES: dict[str, Words] = {
    MAKE: _("Make a backup"),
    VERIFY: _("Verify a backup"),
    SEND: _("Copy a backup"),
    TRY: _("Test the target of copies"),
    LOOK: _("Preview a restore"),
    REHEARSE: _("Rehearse a restore"),
}
DONE: dict[str, Words] = {
    MAKE: _("The backup is made and verified."),
    VERIFY: _("The backup is sound."),
    SEND: _("The backup is copied and was read back."),
    TRY: _("The target takes copies: a small file was written, read back and removed."),
    LOOK: _("Nothing was changed. This is what a restore would bring."),
    REHEARSE: _("A restore would give a server that works."),
}
SCHEDULES = tuple(Choice(name, EVERY[name]) for name in ("off", "daily", "weekly"))


def done_words(kind: str, result: Mapping[str, Any]) -> Words:
    """What a task that is done came to."""
    if kind == REHEARSE and not result.get("sound"):
        return _("A restore would give no server that works; the findings say why.")
    copy = result.get("copy") if kind == MAKE else None
    if copy and copy["code"]:
        return _("The backup is made and verified, but not copied: {reason}", reason=copy["error"])
    return _("The backup is made, verified and copied.") if copy else DONE[kind]


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


class KitForm(BaseModel):
    """The emergency kit as a file."""

    with_key: bool = False


KIT = Form(KitForm, _("Download as a file"), {"with_key": Ui(kind="hidden")})
KIT_WITH_KEY = Form(
    KitForm,
    _("Download as a file"),
    {
        "with_key": Ui(
            _("With the key for the copies"),
            _("It is encrypted with the passphrase of the backups. This is an event."),
            kind="checkbox",
        )
    },
)
LABELS: dict[str, Words] = {
    "Server": _("Server"),
    "Id": _("Id"),
    "Key fingerprint": _("Key fingerprint"),
    "Program": _("Program"),
    "Machine": _("Machine"),
    "Home": _("Home"),
    "Folder of backups": _("Folder of backups"),
    "Copies off the machine": _("Copies off the machine"),
    "Host keys there": _("Host keys there"),
    "Newest verified backup": _("Newest verified backup"),
    "Made": _("Made"),
    "Last rehearsal": _("Last rehearsal"),
}
"""The facts of a kit."""
