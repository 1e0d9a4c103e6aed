"""Hash and verify passwords with argon2id, a few at a time: each takes 64 MiB (rows C1.7, S3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from threading import BoundedSemaphore
from time import sleep

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from serverkit.errors import DatabaseBusyError
from serverkit.users.errors import TooManyTriesError, WeakPasswordError
from serverkit.users.rules import LONGEST_PASSWORD, password_faults, password_text

AT_ONCE, PATIENCE_SECONDS = 2, 20.0
WAITING = 4
"""So many may wait for a place; a flood is turned away at once, so that it takes no thread from other pages."""
_HASHER = PasswordHasher()
_places = BoundedSemaphore(AT_ONCE)
_kept_place = BoundedSemaphore(1)
_queue = BoundedSemaphore(AT_ONCE + WAITING)
_narrow = BoundedSemaphore(1)


@contextmanager
def password_place(*, known: bool = False) -> Iterator[None]:
    """A place to hash or verify a password; DatabaseBusyError where too many wait.

    One place is kept for those who signed in before from where they are (`known`): a flood from elsewhere does not take it.
    """
    if known:
        with _taken(_kept_place):
            yield
        return
    if not _queue.acquire(blocking=False):
        raise DatabaseBusyError("too many passwords are being verified")
    try:
        with _taken(_places):
            yield
    finally:
        _queue.release()


@contextmanager
def _taken(places: BoundedSemaphore) -> Iterator[None]:
    if not places.acquire(timeout=PATIENCE_SECONDS):
        raise DatabaseBusyError("too many passwords are being verified")
    try:
        yield
    finally:
        places.release()


@contextmanager
def narrow_place() -> Iterator[None]:
    """The one place for tries that would be turned away elsewhere; TooManyTriesError while it is taken."""
    if not _narrow.acquire(blocking=False):
        raise TooManyTriesError("other tries are being looked at", wait=1)
    try:
        yield
    finally:
        _narrow.release()


def pause(hold: timedelta) -> None:
    """Let a wrong try last."""
    sleep(hold.total_seconds())


@cache
def _nobody() -> str:
    # Compared if a user has no password, so that the answer takes equally long.
    return _HASHER.hash("no user has this password")


def hash_password(text: str, name: str) -> str:
    """Hash a new password of a user; WeakPasswordError names everything that is wrong with it."""
    faults = password_faults(text, name)
    if faults:
        raise WeakPasswordError("The password is not taken: {faults}.", faults="; ".join(faults))
    with _taken(_places):  # the person who sets one has signed in, or shown the set-up code: it waits its turn
        return _HASHER.hash(password_text(text))


def verify_password(hashed: str | None, text: str) -> bool:
    """Whether a password is that of a hash; takes the same time where there is none (None). In a `password_place`."""
    nobody = _nobody()  # made by the first attempt, for any user
    try:
        _HASHER.verify(hashed or nobody, password_text(text[: LONGEST_PASSWORD * 4]))
    except (Argon2Error, InvalidHashError):
        return False
    return hashed is not None
