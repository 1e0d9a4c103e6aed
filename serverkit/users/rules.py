"""What a password must be, when tries are slowed, how long a session lasts (row S3.4). Pure: texts, numbers and times."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHORTEST_PASSWORD, LONGEST_PASSWORD, FEWEST_DIFFERENT = 14, 256, 6
DEFAULTS = ("admin!23",)
"""What must be in no password: what products of this kind were shipped with."""
SHORTEST_NAME = 3
"""Names shorter than this may occur in a password by chance."""

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
HALF = timedelta(minutes=5)
"""How long a sign-in waits for its second step."""
STEP_UP = timedelta(minutes=10)
USE_NOTED_EVERY = timedelta(minutes=5)
KNOWN_FOR = timedelta(days=90)
"""How long an address or a browser from which a user signed in is remembered for that user."""

FORGOTTEN = timedelta(days=1)
"""A count of failures without a further one is forgotten after this."""
FREE_BY_NAME, FREE_BY_ADDRESS, FREE_SETUP = 5, 30, 4
LONGEST_WAIT = timedelta(minutes=15)
SHORTEST_HOLD, LONGEST_HOLD, HOLD_DOUBLED_EVERY = timedelta(seconds=1), timedelta(seconds=8), 30
"""How long a wrong try in the narrow place keeps it taken: so many a minute can be tried there, by all together."""
SETUP_WAIT = timedelta(minutes=1)

TOTP_STEP, TOTP_DRIFT = 30, 1
RECOVERY_CODES = 10


def password_text(text: str) -> str:
    """A password as it is compared: keyboards write the same letters in several forms."""
    return unicodedata.normalize("NFKC", text)


def password_faults(text: str, name: str) -> list[str]:
    """Everything that is wrong with a new password of a user; empty if nothing is."""
    plain = password_text(text)
    folded, faults = plain.casefold(), []
    if len(plain) < SHORTEST_PASSWORD:
        faults.append(f"it has fewer than {SHORTEST_PASSWORD} characters")
    if len(plain) > LONGEST_PASSWORD:
        faults.append(f"it has more than {LONGEST_PASSWORD} characters")
    if len(set(folded)) < FEWEST_DIFFERENT:
        faults.append(f"it has fewer than {FEWEST_DIFFERENT} different characters")
    if any(unicodedata.category(one) == "Cc" for one in plain):
        faults.append("it holds a control character")
    known = password_text(name).casefold().strip()
    if len(known) >= SHORTEST_NAME and known in folded:
        faults.append("it holds the user's name")
    if any(one in folded for one in DEFAULTS):
        faults.append("it holds a password that products come with")
    return faults


class Way(StrEnum):
    """How a try is treated."""

    OPEN = "open"
    """It is looked at."""
    NARROW = "narrow"
    """It comes from an address where this name signed in before: it is looked at when no other such try is."""
    SHUT = "shut"
    """It is not looked at."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Tries that failed in a row, and when the last one did."""

    count: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """How a try is treated; `wait` is how long one that is shut has to wait, `hold` how long a narrow one that is wrong lasts."""

    way: Way
    wait: timedelta = timedelta(0)
    hold: timedelta = timedelta(0)


def wait_after(failures: Failures, free: int, now: datetime, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """How long nothing more is looked at: doubled with each failure beyond the free ones."""
    if failures.last is None or failures.count < free or now - failures.last >= FORGOTTEN:
        return timedelta(0)
    pause = min(longest, timedelta(seconds=2 ** min(failures.count - free + 1, 20)))
    # A clock that was set back shuts no one out for longer than the pause.
    return min(pause, max(timedelta(0), failures.last + pause - now))


def judge_try(by_name: Failures, by_address: Failures, now: datetime, *, known: bool) -> Judged:
    """How a try to sign in is treated.

    Failures are counted by name and address together and by address. From an address where this name once succeeded
    (`known`), a try is never turned away because of others' failures: it is looked at, one at a time, and a wrong one
    keeps the place taken for a while.
    """
    wait = max(wait_after(by_name, FREE_BY_NAME, now), wait_after(by_address, FREE_BY_ADDRESS, now))
    if not wait:
        return Judged(Way.OPEN)
    return Judged(Way.NARROW, hold=hold_of(by_name)) if known else Judged(Way.SHUT, wait)


def hold_of(by_name: Failures) -> timedelta:
    """How long the narrow place stays taken after a wrong try: the longer, the more of them failed."""
    times: int = 2 ** min(by_name.count // HOLD_DOUBLED_EVERY, 10)
    return min(LONGEST_HOLD, SHORTEST_HOLD * times)


def setup_wait(failures: Failures, now: datetime) -> timedelta:
    """How long no set-up code is looked at: four tries, then a minute, again and again."""
    if failures.last is None or not failures.count or failures.count % FREE_SETUP:
        return timedelta(0)
    return min(SETUP_WAIT, max(timedelta(0), failures.last + SETUP_WAIT - now))


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """When a session began, was last used, ends at the latest, and when the password was last entered."""

    begun: datetime
    used: datetime
    ends: datetime
    confirmed: datetime | None


def is_over(times: SessionTimes, now: datetime) -> bool:
    """Whether a session has ended by age or by lack of use."""
    return now >= times.ends or now - times.used >= IDLE


def stepped_up_until(times: SessionTimes, now: datetime) -> datetime | None:
    """Until when what is dangerous is allowed; None where the password has to be entered first."""
    if times.confirmed is None or not timedelta(0) <= now - times.confirmed < STEP_UP:
        return None
    return times.confirmed + STEP_UP
