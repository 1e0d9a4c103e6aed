"""The states of a device, as tables (row D1): registration, authorization of the whole device, evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EVALUATION = timedelta(days=90)
IDENTITY_GRACE = timedelta(hours=1)
EVALUATION_STEPS_DAYS = (60, 30, 21, 14, 7, 6, 5, 4, 3, 2, 1)


class Registration(StrEnum):
    """Whether the device has an identity at its server."""

    NOT_REGISTERED = "not_registered"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    RETRY = "retry"
    FAILED = "failed"


class Authorization(StrEnum):
    """The authorization of the whole device."""

    NONE = "none"
    EVALUATION = "evaluation"
    EVALUATION_EXPIRED = "evaluation_expired"
    AUTHORIZED = "authorized"
    AUTHORIZED_RESERVED = "authorized_reserved"
    OUT_OF_COMPLIANCE = "out_of_compliance"
    AUTHORIZATION_EXPIRED = "authorization_expired"


class RegistrationEvent(StrEnum):
    """Events of a registration."""

    STARTED = "started"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    DEREGISTERED = "deregistered"
    CERTIFICATE_ENDED = "certificate_ended"


_R = Registration
_E = RegistrationEvent

# (state, event) -> next state. A pair that is not listed leaves the state as it is: an answer that comes late, such
# as a refusal after success, must not undo what is already settled.
REGISTRATION_TABLE: dict[tuple[Registration, RegistrationEvent], Registration] = {
    (_R.NOT_REGISTERED, _E.STARTED): _R.IN_PROGRESS,
    (_R.RETRY, _E.STARTED): _R.IN_PROGRESS,
    (_R.FAILED, _E.STARTED): _R.IN_PROGRESS,
    (_R.IN_PROGRESS, _E.STARTED): _R.IN_PROGRESS,
    (_R.IN_PROGRESS, _E.ACCEPTED): _R.COMPLETE,
    (_R.IN_PROGRESS, _E.REFUSED): _R.FAILED,
    (_R.IN_PROGRESS, _E.UNREACHABLE): _R.RETRY,
    (_R.COMPLETE, _E.ACCEPTED): _R.COMPLETE,
    (_R.COMPLETE, _E.DEREGISTERED): _R.NOT_REGISTERED,
    (_R.COMPLETE, _E.CERTIFICATE_ENDED): _R.NOT_REGISTERED,
    (_R.IN_PROGRESS, _E.DEREGISTERED): _R.NOT_REGISTERED,
    (_R.RETRY, _E.DEREGISTERED): _R.NOT_REGISTERED,
    (_R.FAILED, _E.DEREGISTERED): _R.NOT_REGISTERED,
}


def next_registration(state: Registration, event: RegistrationEvent) -> Registration:
    """Return the state that follows; unchanged for a pair that the table does not name."""
    return REGISTRATION_TABLE.get((state, event), state)


def evaluation_step(left: timedelta, over_for: timedelta) -> str | None:
    """The warning that is due: at 60, 30, 21, 14, 7 days, then daily, hourly in the last day, hourly once it is over."""
    hour = timedelta(hours=1)
    if left <= timedelta(0):
        return f"evaluation period over for {over_for // hour} hours"
    if left < timedelta(days=1):
        return f"{-(-left // hour)} hours of evaluation left"
    reached = [days for days in EVALUATION_STEPS_DAYS if left <= timedelta(days=days)]
    return f"{min(reached)} days of evaluation left" if reached else None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a product; `reason` says why not, or under which state it may use the licence."""

    allowed: bool
    reason: str
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Right:
    """What the device may do with one licence, derived from signed evidence."""

    tag: str
    count: int
    state: str
    valid_until: datetime | None
    restricted: bool = False


def overall(
    registered: bool,
    rights: Iterable[Right],
    uses: dict[str, int],
    evaluation_left: timedelta,
    now: datetime,
    *,
    reserved: bool = False,
) -> Authorization:
    """Derive the authorization of the whole device (row D1)."""
    known = {right.tag: right for right in rights}
    if reserved:
        return Authorization.AUTHORIZED_RESERVED if known else Authorization.AUTHORIZATION_EXPIRED
    if not uses and not known:
        return Authorization.NONE
    if not registered:
        if not uses:
            return Authorization.NONE
        return Authorization.EVALUATION if evaluation_left > timedelta(0) else Authorization.EVALUATION_EXPIRED
    states = {known[tag].state if tag in known else "waiting" for tag in uses} | {r.state for r in known.values()}
    if any(right.valid_until is not None and right.valid_until <= now for right in known.values()):
        return Authorization.AUTHORIZATION_EXPIRED
    if "out_of_compliance" in states:
        return Authorization.OUT_OF_COMPLIANCE
    if "authorized" in states:
        return Authorization.AUTHORIZED
    return Authorization.NONE
