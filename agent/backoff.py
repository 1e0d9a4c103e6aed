"""Retry intervals of a device: doubled at each failure, with jitter (row D1)."""

from __future__ import annotations

import secrets
from datetime import timedelta

AUTHORIZATION_RETRY = timedelta(seconds=30)
IDENTITY_RETRY = timedelta(minutes=15)
REGISTRATION_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=12)
JITTER_PERCENT = 20


def jitter(interval: timedelta, percent: int = JITTER_PERCENT) -> timedelta:
    """Shorten or lengthen an interval by up to `percent`, so that a site's devices do not return all at once."""
    share = secrets.randbelow(2 * percent * 100 + 1) - percent * 100
    return interval + timedelta(seconds=interval.total_seconds() * share / 10_000)


def grown(first: timedelta, failures: int) -> timedelta:
    """The interval after so many failures in a row: doubled each time, never over 12 hours."""
    return min(LONGEST_RETRY, first * (1 << min(max(failures - 1, 0), 16)))


def asked_for(seconds: int) -> timedelta:
    """When a server that is busy is asked again: never earlier than it said, and not all devices at once."""
    bounded = min(seconds, int(LONGEST_RETRY.total_seconds()))
    return timedelta(seconds=bounded, milliseconds=secrets.randbelow(max(bounded, 1) * 1000))


def registration_retry(failures: int) -> timedelta:
    """When a registration is tried again."""
    return jitter(grown(REGISTRATION_RETRY, failures))


def authorization_retry(failures: int) -> timedelta:
    """When an authorization is tried again."""
    return jitter(grown(AUTHORIZATION_RETRY, failures))


def identity_retry(failures: int) -> timedelta:
    """When the renewal of an identity is tried again."""
    return jitter(grown(IDENTITY_RETRY, failures))
