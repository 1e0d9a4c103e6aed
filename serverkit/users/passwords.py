"""Hash and verify passwords with argon2id, a few at a time: each takes 64 MiB (rows C1.7, S3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from serverkit.errors import DatabaseBusyError
from serverkit.users.errors import TooManyTriesError, WeakPasswordError
from serverkit.users.rules import LONGEST_PASSWORD, password_faults, password_text

AT_ONCE, PATIENCE_SECONDS = 2, 20.0
_HASHER = PasswordHasher()
_places = BoundedSemaphore(AT_ONCE)
_narrow = BoundedSemaphore(1)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise DatabaseBusyError("too many passwords are being verified")
    try:
        yield
    finally:
        _places.release()


@contextmanager
def narrow_place() -> Iterator[None]:
    """The one place for tries that would be turned away elsewhere; TooManyTriesError while it is taken."""
    if not _narrow.acquire(blocking=False):
        raise TooManyTriesError("other tries are being looked at", wait=1)
    try:
        yield
    finally:
        _narrow.release()


@cache
def _nobody() -> str:
    # Compared if a user has no password, so that the answer takes equally long.
    return _HASHER.hash("no user has this password")


def hash_password(text: str, name: str) -> str:
    """Hash a new password of a user; WeakPasswordError names everything that is wrong with it."""
    faults = password_faults(text, name)
    if faults:
        raise WeakPasswordError("The password is not taken: {faults}.", faults="; ".join(faults))
    with _place():
        return _HASHER.hash(password_text(text))


def verify_password(hashed: str | None, text: str) -> bool:
    """Whether a password is that of a hash; takes the same time where there is none (None)."""
    with _place():
        try:
            _HASHER.verify(hashed or _nobody(), password_text(text[: LONGEST_PASSWORD * 4]))
        except (Argon2Error, InvalidHashError):
            return False
    return hashed is not None
