"""How a site synchronizes, and what leaves it: one form, for the set-up and for the settings (rows S1.4, S2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from satellite.actions.privacy import change_privacy, show_privacy
from satellite.actions.setup_steps import choose_way
from satellite.actions.synchronization import change_settings, show_settings
from satellite.runtime import Satellite
from satellite.ui.zone import zone_of
from serverkit.db.unit import Unit
from serverkit.web.differences import OPENED, VERSION
from serverkit.web.forms import Choice, Form, FormView, Ui
from serverkit.web.page import Page
from serverkit.web.schedule_words import DAYS, EVERY, WEEKDAYS, Weekday, zones
from serverkit.web.texts import Words, _

Leaves = Literal["send", "pseudonym", "drop"]
FIELDS: dict[str, Words] = {
    "hostname": _("Host names"),
    "ip_address": _("IP addresses"),
    "mac_address": _("MAC addresses"),
    "notes": _("Notes"),
}
LEAVES = (Choice("send", _("send")), Choice("pseudonym", _("as a pseudonym")), Choice("drop", _("leave out")))
WORDS = {one.value: one.label for one in LEAVES}


class Way(BaseModel):
    """Everything about the way to central."""

    mode: Literal["manual", "network"] = "manual"
    url: str = Field(default="", max_length=300)
    ca: str = Field(default="", max_length=60_000)
    fingerprint: str = Field(default="", max_length=200)
    proxy: str = Field(default="", max_length=300)
    every: Literal["off", "daily", "weekly", "monthly"] = "off"
    weekday: Weekday = "monday"
    monthday: int = Field(default=1, ge=1, le=31)
    at: str = Field(default="03:00", max_length=5)
    zone: str = Field(default="UTC", max_length=64)
    hostname: Leaves = "send"
    ip_address: Leaves = "send"
    mac_address: Leaves = "send"
    notes: Leaves = "send"

    @property
    def privacy(self) -> dict[str, str]:
        """What leaves, by field."""
        return {name: str(getattr(self, name)) for name in FIELDS}

    def changes(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """What differs from the settings as they are shown; those are without secrets."""
        day = WEEKDAYS.index(self.weekday) if self.every == "weekly" else self.monthday
        found: dict[str, Any] = {
            "url": self.url,
            "fingerprint": self.fingerprint or None,
            "every": self.every,
            "at": self.at,
            "zone": self.zone,
        }
        if self.every in {"weekly", "monthly"}:
            found["day"] = day
        if self.proxy != (shown["proxy"] or ""):
            found["proxy"] = self.proxy or None
        if self.ca:
            found["ca"] = self.ca
        return found


NETWORK = ("url", "fingerprint", "ca", "proxy")
SCHEDULE = ("every", "weekday", "monthday", "at", "zone")
FORM = Form(
    Way,
    _("Save"),
    {
        "mode": Ui(
            _("How files travel"),
            kind="radios",
            choices=(
                Choice("manual", _("I carry files")),
                Choice("network", _("Over the network")),
            ),
        ),
        "url": Ui(_("Address of central"), placeholder="https://central.vendor.example", mono=True),
        "fingerprint": Ui(
            _("Certificate fingerprint"), _("64 hexadecimal digits, instead of a CA certificate."), mono=True
        ),
        "ca": Ui(_("CA certificate"), kind="textarea", mono=True),
        "proxy": Ui(_("Proxy"), placeholder="http://proxy:3128", mono=True),
        "every": Ui(
            _("Synchronize"), choices=tuple(Choice(name, words) for name, words in EVERY.items()), kind="select"
        ),
        "weekday": Ui(_("Day, if every week"), choices=tuple(map(Choice, WEEKDAYS, DAYS)), kind="select"),
        "monthday": Ui(_("Day, if every month"), _("1 to 31; a shorter month takes its last day."), width="narrow"),
        "at": Ui(_("Time of day"), _("Hours and minutes, such as 03:30."), width="narrow"),
        "zone": Ui(_("Zone"), kind="select"),
        **{name: Ui(words, choices=LEAVES, kind="select") for name, words in FIELDS.items()},
    },
)


def present_way(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile: every field as it is set; of authorities their names."""
    kept = show_settings(page.unit)
    values: dict[str, Any] = {
        **{name: kept[name] or "" for name in ("url", "fingerprint", "proxy")},
        "mode": kept["mode"] or "manual",
        "every": kept["every"],
        "at": kept["at"],
        "zone": kept["zone"] if kept["url"] or kept["every"] != "off" else zone_of(page),
        "weekday": WEEKDAYS[0],
        "monthday": 1,
        "ca": _names(kept),
        **show_privacy(page.unit),
    }
    if kept["every"] in {"weekly", "monthly"}:
        values["weekday" if kept["every"] == "weekly" else "monthday"] = kept["day"]
    return values


def _names(kept: Mapping[str, Any]) -> str:
    return ", ".join(kept["ca"] or ())


def way_view(page: Page, action: str, typed: Way | None = None) -> tuple[FormView, dict[str, Any]]:
    """The form with what is set, or with what was typed; and the settings as they are."""
    kept = show_settings(page.unit)
    trusted = _names(kept)
    note = (
        _("Trusted now: {names}. Paste another one in PEM form to replace it.", names=trusted)
        if trusted
        else _("In PEM form; only needed if this machine does not trust the CA already.")
    )
    if typed is not None:
        view = FORM.view(page, action, values=typed.model_dump(), choices={"zone": zones()})
        view = replace(view, version=page.sent.get(VERSION, ""), opened=page.sent.get(OPENED, ""))
        pasted = typed.ca
    else:
        view = FORM.view(page, action, current=present_way(page), choices={"zone": zones()})
        pasted = page.sent.get("ca", "") if page.typed is not None else ""
    if view.stale is not None and not pasted:  # an empty field keeps the authority that is set
        same = view.stale.opened.get("ca")
        view = replace(view, stale=replace(view.stale, yours={**view.stale.yours, "ca": same}))
    fields = [replace(one, help=note, value=pasted) if one.name == "ca" else one for one in view.fields]
    return replace(view, fields=fields), kept


def keep_way(page: Page) -> None:
    """Keep everything at once, or nothing."""
    read = cast("Way", page.read)
    unit: Unit = page.unit
    server = cast("Satellite", page.server)
    change_settings(server, unit, read.changes(show_settings(unit)))
    change_privacy(unit, read.privacy)
    choose_way(unit, read.mode)
