"""Where the remedy of each cause is done: a page, never only a sentence (row S2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from satellite.actions.synchronization import list_causes
from serverkit.errors import Filled
from serverkit.web.texts import Words, _, in_words


@dataclass(frozen=True, slots=True)
class Way:
    """A page on which something is done about a cause."""

    words: Words
    path: str


REGISTER = Way(_("Register this satellite"), "/setup/register")
SETTINGS = Way(_("Open the settings"), "/sync/settings")
RESYNC = Way(_("Resynchronize"), "/sync/resync")
TIME = Way(_("Look at the time"), "/setup/time")
CARRY = Way(_("Make a request"), "/sync#carry")
BRING = Way(_("Bring back another file"), "/sync#bring")
READ = Way(_("Read what to do"), "/help/synchronization#what-can-go-wrong")
BACKUP = Way(_("Read how to restore"), "/help/backup-and-restore")

# By where a cause lies, then by the cause itself.
_OF_STAGE = {
    "this satellite": READ,
    "name of central": SETTINGS,
    "way to central": SETTINGS,
    "proxy": SETTINGS,
    "TLS of central": SETTINGS,
    "answer of central": SETTINGS,
    "central's judgement of the request": READ,
    "response file": BRING,
}
_OF_CAUSE = {
    "not_authorized": REGISTER,
    "not_configured": SETTINGS,
    "network_off": CARRY,
    "site_restored": RESYNC,
    "anchor_damaged": RESYNC,
    "identity_expired": RESYNC,
    "clock_behind": TIME,
    "clock_ahead": TIME,
    "certificate_not_yet_valid": TIME,
    "response_not_yet_valid": TIME,
    "key_missing": BACKUP,
    "connection_cut": CARRY,
    "answer_timeout": CARRY,
    "central_busy": READ,
    "central_failed": READ,
    "gateway_failed": READ,
    "rate_limited": READ,
    "satellite_unknown": RESYNC,
    "duplicate_satellite": RESYNC,
    "revoked": RESYNC,
    "superseded": CARRY,
    "request_altered": CARRY,
    "request_malformed": CARRY,
    "request_truncated": CARRY,
    "not_my_answer": CARRY,
    "response_expired": CARRY,
    "response_older": CARRY,
}


PLACES: dict[str, Words] = {
    "this satellite": _("this satellite"),
    "name of central": _("name of central"),
    "way to central": _("way to central"),
    "proxy": _("proxy"),
    "TLS of central": _("TLS of central"),
    "answer of central": _("answer of central"),
    "central's judgement of the request": _("central's judgement of the request"),
    "response file": _("response file"),
}
"""Where a cause lies, in words."""


def said_of(error: Mapping[str, str]) -> dict[str, Words]:
    """What a synchronization that failed left behind, with the words of its cause, the detail after them as it was."""
    meaning = next((one["message"] for one in list_causes() if one["code"] == error["code"]), None)
    if meaning is None or not error["message"].startswith(meaning):
        return {**error, "message": _(error["message"]), "remedy": _(error["remedy"])}
    detail = error["message"].removeprefix(meaning).strip()
    words = Filled("{meaning} {detail}", {"meaning": meaning, "detail": detail}) if detail else meaning
    return {**error, "message": in_words(words), "remedy": _(error["remedy"])}


def remedy_of(code: str) -> Way:
    """The page for a cause."""
    where = next((one["where"] for one in list_causes() if one["code"] == code), "")
    return _OF_CAUSE.get(code) or _OF_STAGE.get(where, READ)
