"""Count tries that fail, by name and address together and by address; counts survive a restart (row S3.4)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from serverkit.auth.addresses import network_of
from serverkit.db.unit import Unit
from serverkit.locks import for_change
from serverkit.names import name_key
from serverkit.secrets_box import hash_secret
from serverkit.users.models import FailureMixin
from serverkit.users.rules import (
    FORGOTTEN,
    FREE_BY_NAME,
    FREE_SETUP,
    KNOWN_FOR,
    Failures,
    Judged,
    judge_try,
    setup_wait,
    wait_after,
)
from serverkit.users.tables import Browser, UserTables

OF_ADDRESS = ""
_SETUP = "set-up code"


@dataclass(frozen=True, slots=True)
class Try:
    """What is counted of one try: the keys of its failures, and whether this name signed in from its address before.

    `by_address` is empty where addresses do not count: for a browser that is known, and for the second step.
    """

    name: str
    by_name: str
    by_address: str
    known: bool


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def name_digest(name: str) -> str:
    """How a name is beside its failures, whether or not someone has it."""
    return _digest("name", name_key(name[:1024]))


def code_name(user_id: str) -> str:
    """The name under which tries of the second step are counted."""
    return f"second step of {user_id}"


def code_try(user_id: str) -> Try:
    """What is counted of a try of the second step, from anywhere: only who knows the password reaches that count."""
    named = name_digest(code_name(user_id))
    return Try(named, _digest("code", named), OF_ADDRESS, known=False)


def try_of(unit: Unit, tables: UserTables, name: str, browser: Browser) -> Try:
    """What is counted of a try with a name; an address and a browser are known only for who signed in there."""
    named, place = name_digest(name), network_of(browser.address)
    own = _browser_key(browser.known_by or "", named)
    if browser.known_by and _is_known(unit, tables, own):
        return Try(named, own, OF_ADDRESS, known=False)
    known = _is_known(unit, tables, _digest("address", place, named))
    return Try(named, _digest("pair", place, named), _digest("address", place), known)


def _browser_key(cookie: str, *named: str) -> str:
    return _digest("browser", hash_secret(cookie), *named)


def _is_known(unit: Unit, tables: UserTables, key: str) -> bool:
    row = unit.session.get(tables.known_place, key)
    return row is not None and unit.now - row.last_at < KNOWN_FOR


def _failures(unit: Unit, tables: UserTables, key: str) -> Failures:
    row = _row(unit, tables, key) if key else None
    return Failures(row.count, row.last_at) if row is not None else Failures()


def _row(unit: Unit, tables: UserTables, key: str) -> FailureMixin | None:
    query = select(tables.failure).where(tables.failure.key == key).execution_options(populate_existing=True)
    return unit.session.scalars(for_change(query, writing=unit.writing)).one_or_none()


def judge(unit: Unit, tables: UserTables, tried: Try) -> Judged:
    """How a try is treated now."""
    by_name, by_address = _failures(unit, tables, tried.by_name), _failures(unit, tables, tried.by_address)
    return judge_try(by_name, by_address, unit.now, known=tried.known)


def count_failure(unit: Unit, tables: UserTables, tried: Try) -> bool:
    """Count a try as failed, before it is looked at, so that many at once count as many; whether it is slowed from now."""
    count = _raise(unit, tables, tried.by_name, tried.name)
    if tried.by_address:
        _raise(unit, tables, tried.by_address, OF_ADDRESS)
    return count == FREE_BY_NAME


def _raise(unit: Unit, tables: UserTables, key: str, name: str) -> int:
    row = _row(unit, tables, key)
    if row is None:
        row = tables.failure(key=key, name_key=name, count=0, last_at=unit.now)
        unit.session.add(row)
    row.count = 1 if unit.now - row.last_at >= FORGOTTEN else row.count + 1
    row.last_at = unit.now
    unit.session.flush()  # the next look at this row is by a query
    return row.count


def take_back(unit: Unit, tables: UserTables, tried: Try) -> None:
    """A try was right after all: it does not count against its address."""
    row = _row(unit, tables, tried.by_address) if tried.by_address else None
    if row is not None and row.count:
        row.count -= 1


def forget_name(unit: Unit, tables: UserTables, tried: Try) -> None:
    """Someone signed in: earlier failures of this name from here are forgotten."""
    unit.session.execute(delete(tables.failure).where(tables.failure.key == tried.by_name))


def remember(unit: Unit, tables: UserTables, name: str, browser: Browser, cookie: str) -> None:
    """Remember an address and a browser from which the user of a name signed in, and whose cookie it is."""
    named, place = name_digest(name), network_of(browser.address)
    unit.session.execute(delete(tables.known_place).where(tables.known_place.last_at <= unit.now - KNOWN_FOR))
    unit.session.execute(delete(tables.failure).where(tables.failure.last_at <= unit.now - FORGOTTEN))
    for key in (_digest("address", place, named), _browser_key(cookie, named), _browser_key(cookie)):
        unit.session.merge(tables.known_place(key=key, last_at=unit.now))


def is_known_browser(unit: Unit, tables: UserTables, cookie: str | None) -> bool:
    """Whether a browser's cookie is one that was given to it; users who share a browser share the cookie."""
    return bool(cookie) and _is_known(unit, tables, _browser_key(str(cookie)))


def unlock(unit: Unit, tables: UserTables, *names: str) -> None:
    """Forget the failures of names and of all addresses."""
    keys = [OF_ADDRESS, *(name_digest(name) for name in names)]
    unit.session.execute(delete(tables.failure).where(tables.failure.name_key.in_(keys)))


def slowed_until(unit: Unit, tables: UserTables, names: list[str]) -> dict[str, datetime]:
    """Until when tries with each of some names are turned away from at least one address."""
    by_key = {name_digest(name): name for name in names}
    found: dict[str, datetime] = {}
    rows = unit.session.scalars(select(tables.failure).where(tables.failure.count >= FREE_BY_NAME))
    for row in rows:
        wait = wait_after(Failures(row.count, row.last_at), FREE_BY_NAME, unit.now)
        if row.name_key in by_key and wait:
            name = by_key[row.name_key]
            found[name] = max(unit.now + wait, found.get(name, unit.now))
    return found


def setup_pause(unit: Unit, tables: UserTables, address: str) -> tuple[int, timedelta]:
    """How many tries of the set-up code an address has left, and how long it has to wait when none is."""
    failures = _failures(unit, tables, _digest(_SETUP, network_of(address)))
    wait = setup_wait(failures, unit.now)
    return (0 if wait else FREE_SETUP - failures.count % FREE_SETUP), wait


def count_setup_failure(unit: Unit, tables: UserTables, address: str) -> None:
    """Count a wrong set-up code of an address."""
    _raise(unit, tables, _digest(_SETUP, network_of(address)), _digest(_SETUP))


def forget_setup(unit: Unit, tables: UserTables) -> None:
    """Forget all failures with a set-up code."""
    unit.session.execute(delete(tables.failure).where(tables.failure.name_key == _digest(_SETUP)))
