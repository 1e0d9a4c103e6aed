"""Events in the language of the page: which sentence an event says is seen by its kind and its words.

Events are kept and sent to central in English. Here stand the sentences of each kind; what fills them is taken out of the
message, so that events of any age are translated. A message that is none of them is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import Any

from satellite.core.event_log.event_kinds import EventKind
from satellite.ui.pages import listed, units
from serverkit.web.tables import Item
from serverkit.web.texts import Text, Words, _

_FREE = _("{said}; {units} free again")
_K = EventKind
SENTENCES: Mapping[EventKind, tuple[Text, ...]] = {
    _K.SATELLITE_CREATED: (_("satellite {name} set up"),),
    _K.REGISTRATION_MADE: (_("registration file made"),),
    _K.AUTHORIZED: (_("authorized by {name}, epoch {number}"),),
    _K.SETUP_FINISHED: (_("set-up finished, synchronization {mode}"),),
    _K.VIRTUAL_ACCOUNT_RELEASED: (
        _("virtual account {name} is not this satellite's any more; product instances in it: {number}"),
    ),
    _K.SATELLITE_RENAMED: (_("central calls this satellite {name}"),),
    _K.ACCOUNT_RENAMED: (_("the account is called {name}"),),
    _K.IDENTITY_RENEWED: (_("identity of the satellite renewed, valid {time}"),),
    _K.SYNC_SETTINGS_CHANGED: (
        _("synchronization is {mode} now"),
        _("synchronization settings changed: {names}"),
    ),
    _K.PRIVACY_CHANGED: (_("privacy of {name} set to {choice}"),),
    _K.CLOCK_CHANGED: (
        _("the clock is believed (clock {time}, licence time {licence_time})"),
        _(
            "the clock is before licence time, which waits until it is passed (clock {time}, licence time {licence_time})"
        ),
        _(
            "the clock jumped forward: nothing ends until it is confirmed or set right (clock {time}, "
            "licence time {licence_time})"
        ),
    ),
    _K.TIME_CONFIRMED: (
        _("the time was confirmed by measuring"),
        _("the time {time} was {outcome} by a person"),
        _("the time was {outcome} by central's signed time {time}"),
    ),
    _K.TIME_SETTINGS_CHANGED: (_("time settings changed: {names}"),),
    _K.SETTINGS_CHANGED: (_("settings of {name} changed: {names}"),),
    _K.BACKUP_MADE: (_("backup {name} made and verified"),),
    _K.BACKUP_REMOVED: (_("backup {name} removed"),),
    _K.SUPPORT_BUNDLE_MADE: (_("support bundle {name} made"),),
    _K.TLS_REQUESTED: (_("certificate requested for {names}"),),
    _K.TLS_DISCARDED: (_("certificate request and its private key removed"),),
    _K.TLS_IMPORTED: (_("TLS certificate of {name} imported"),),
    _K.TLS_RENEWED: (_("own TLS certificate renewed"),),
    _K.TOKEN_CREATED: (_("registration token created"),),
    _K.TOKEN_CREATED_RESTRICTED: (_("registration token created with export-controlled functionality"),),
    _K.TOKEN_REVOKED: (_("registration token revoked"),),
    _K.TOKEN_REMOVED: (_("registration token removed"),),
    _K.TOKEN_REFUSED: (_("registration refused: token {why}"),),
    _K.INSTANCE_ADDED: (_("product instance {name} added to {place}"),),
    _K.INSTANCE_ADDED_STANDBYS: (_("product instance {name} added to {place} with standbys {names}"),),
    _K.INSTANCE_CONNECTED_STANDBYS: (
        _("{name} registered and joined the set of {other}"),
        _("{name} connected, configured with standbys {names}"),
        _("{name} left the set of {other}"),
    ),
    _K.INSTANCE_TAKEN_OVER: (_("{name} registered again with a new key"),),
    _K.INSTANCE_TOKEN: (
        _("{name} registered again with another token: restricted functions are not allowed"),
        _("{name} registered again with another token: restricted functions are allowed"),
    ),
    _K.INSTANCE_CLONE: (
        _("two machines show the identity of {other}; this one is {name}"),
        _("{name} used old numbers twice within {number} days: two machines have its key"),
    ),
    _K.INSTANCE_RESTORED: (_("{name} used an old number: it was restored from an older copy"),),
    _K.INSTANCE_RETURNED: (
        _("product instance {name} came back from central"),
        _("units and keys of {name} came back from central"),
    ),
    _K.INSTANCE_TRANSFERRED: (_("product instance {name} transferred from {place} to {target}"),),
    _K.INSTANCE_REMOVED: (
        _("product instance {name} in {place} removed after a year of silence"),
        _("product instance {name} in {place} removed"),
    ),
    _K.INSTANCE_REQUESTED_LICENCES: (
        _("{name} in {place} requested no licences any more"),
        _("{name} in {place} requested {units}"),
    ),
    _K.INSTANCE_RENEWED: (_("{name} in {place} renewed its identity certificate"),),
    _K.INSTANCE_ACTIVE_CHANGED: (_("{name} is the active member in place of {other}"),),
    _K.INSTANCE_FREED: (_("{name} in {place} was silent for 90 days"),),
    _K.INSTANCE_SILENT: (_("{name} in {place} has not connected for 30 days"),),
    _K.EXPORT_REQUESTED: (_("{units} requested by {name}"),),
    _K.EXPORT_GRANTED: (_("{units} granted to {name}"),),
    _K.EXPORT_FAILED: (_("{units} not granted to {name}: {why}"),),
    _K.EXPORT_DELIVERED: (_("{units} delivered to {name}"),),
    _K.EXPORT_RETURNED: (
        _("{units} returned by {name}"),
        _("{name} gave up what was reserved for it by code"),
    ),
    _K.EXPORT_RELEASED: (
        _("{units} held by {name}, released by central ({why})"),
        _("central freed what was reserved by code for {name} ({why})"),
    ),
    _K.API_TOKEN_CREATED: (_("access token {name} made"),),
    _K.API_TOKEN_REVOKED: (_("access token {name} revoked"),),
    _K.USER_CREATED: (_("user {name} added as {role}"),),
    _K.USER_ROLE_CHANGED: (_("user {name} is {role} now"),),
    _K.USER_RESET: (_("password of {name} set by {who}"),),
    _K.USER_UNLOCKED: (_("user {name} unlocked"),),
    _K.USER_REMOVED: (_("user {name} removed"),),
    _K.PASSWORD_CHANGED: (_("{name} changed the password"),),
    _K.TWO_STEP_ON: (_("{name} signs in with a second step now"),),
    _K.TWO_STEP_OFF: (_("{name} signs in without a second step now"),),
    _K.RECOVERY_CODES_RENEWED: (_("{name} made new recovery codes"),),
    _K.RECOVERY_CODE_USED: (_("{name} signed in with a recovery code; {number} left"),),
    _K.SESSION_REVOKED: (_("a session of {name} was revoked"),),
    _K.SIGN_IN_SLOWED: (
        _("tries to sign in as {name} failed and are slowed"),
        _("tries to sign in with an unknown name failed and are slowed"),
    ),
    _K.ALERT_DISMISSED: (_("alert dismissed: {text}"),),
    _K.ALERT_REMINDED: (_("alert put off: {text}"),),
    _K.ALERT_RESTORED: (_("alert opened again: {text}"),),
    _K.SHORTAGE_DETECTED: (
        _("{count} more of {name} needed in {place}. There is a surplus in {names}."),
        _("{count} more of {name} needed in {place}."),
    ),
}
WORDS = (
    _("administrator"),
    _("operator"),
    _("read-only"),
    _("manual"),
    _("network"),
    _("send"),
    _("pseudonym"),
    _("drop"),
)
_TRANSLATED = frozenset({"why", "role", "mode", "outcome", "choice"})
"""Fields that are words of the program, not names that people gave."""


ACTORS: dict[str, Words] = {
    "device": _("device"),
    "console": _("a command on this machine"),
    "system": _("this server"),
    "satellite": _("satellite"),
}
"""Who did something where no person or program with a name did."""


def by_words(item: Item) -> Words:
    """Who did it: a person or a program by name, else what did it."""
    actor = str(item["actor"])
    return _("a job of this server") if actor.startswith("job ") else ACTORS.get(actor, actor)


def said(item: Item) -> Words:
    """What an event says."""
    message = str(item["message"])
    return _found(str(item["kind"]), message) or message


def _found(kind: str, message: str) -> Text | None:
    if kind not in _BY_NAME:
        return None
    if whole := _pattern(_FREE.message).fullmatch(message):
        before = _found(kind, whole["said"])
        return Text(_FREE.message, values={"said": before or whole["said"], "units": _shown("units", whole["units"])})
    for sentence in SENTENCES[_BY_NAME[kind]]:
        if match := _pattern(sentence.message).fullmatch(message):
            return Text(sentence.message, values={name: _shown(name, one) for name, one in match.groupdict().items()})
    return None


_BY_NAME = {str(kind): kind for kind in SENTENCES}


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """A sentence with its places; what stands in one is as short as can be."""
    parts = []
    for literal, name, _form, _conversion in Formatter().parse(template):
        parts.append(re.escape(literal))
        if name == "units":
            parts.append(r"(?P<units>\d+ of .+?)")
        elif name is not None:
            parts.append(f"(?P<{name}>.+?)")
    return re.compile("".join(parts), re.DOTALL)


def _shown(name: str, value: str) -> Any:
    if name == "units":
        each = (one.partition(" of ") for one in re.split(r", (?=\d+ of )", value))
        return listed([units(int(count), licence) for count, _of, licence in each])
    return Text(value) if name in _TRANSLATED else value
