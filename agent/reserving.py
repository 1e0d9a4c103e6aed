"""Licences by code, for a device without any network: ask, install, give back (row S4.5).

What is installed is kept as central signed it and verified again whenever the device starts. Giving back forgets it first
and shows the return code afterwards, the same one however often it is asked for.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from agent.errors import AlreadyReservedError, CodeRefusedError, NotReservedError
from agent.states import Right
from agent.store import DeviceState, HeldReservation, to_bytes, to_text
from exchange.codes.authorization import Reservation, open_authorization_code
from exchange.codes.request import make_request_code, read_request_code
from exchange.codes.returning import make_return_code
from exchange.codes.secrets import SECRET_BYTES
from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.trust import Trust


def request(state: DeviceState, udi: Udi) -> str:
    """The code to carry to central; the same one until something was installed and given back."""
    held = state.reservation
    if held is not None and held.code is not None:
        raise AlreadyReservedError("licences are installed by a code already")
    if held is not None and held.returned is None and read_request_code(held.request).udi == _plain(udi):
        return held.request
    secret = secrets.token_bytes(SECRET_BYTES)
    code = make_request_code(udi, secret)
    try:
        read_request_code(code)
    except ExchangeError as error:
        raise CodeRefusedError(f"no code can be made for {udi.label}") from error
    state.udi = udi.to_dict()
    state.reservation = HeldReservation(request=code, secret=to_text(secret))
    return code


def _plain(udi: Udi) -> Udi:
    return Udi(pid=udi.pid, serial=udi.serial)


def install(state: DeviceState, trust: Trust, text: str) -> Reservation:
    """Take over what central reserved for this device and this request; anything else is refused and changes nothing."""
    held = state.reservation
    if held is None or held.returned is not None:
        raise NotReservedError("this device has not asked for a reservation")
    try:
        found = open_authorization_code(text, trust)
    except ExchangeError as error:
        raise CodeRefusedError(f"{error.message} ({error.code})") from error
    if found.request != held.request:
        raise CodeRefusedError("the code answers another request than the one of this device")
    held.code = text
    return found


def give_back(state: DeviceState) -> str:
    """Forget what was installed; the code that proves it to central."""
    held = state.reservation
    if held is None or (held.code is None and held.returned is None):
        raise NotReservedError("no licences are installed by a code")
    if held.returned is None:
        held.code, held.returned = None, make_return_code(to_bytes(held.secret))
    return held.returned


def installed(state: DeviceState, trust: Trust | None) -> Reservation | None:
    """What is installed, verified again; None where nothing is or it does not hold."""
    held = state.reservation
    if held is None or held.code is None or trust is None:
        return None
    try:
        found = open_authorization_code(held.code, trust)
    except ExchangeError:
        return None
    return found if found.request == held.request else None


def rights_by_code(found: Reservation, now: datetime) -> dict[str, Right]:
    """What may be used now: terms that have not begun or have ended do not count, the nearest end is told."""
    rights: dict[str, Right] = {}
    for line in found.lines:
        if (line.start is not None and now < line.start) or (line.end is not None and now >= line.end):
            continue
        before = rights.get(line.tag)
        if before is None:
            rights[line.tag] = Right(line.tag, line.quantity, "authorized", line.end)
            continue
        ends = [end for end in (before.valid_until, line.end) if end is not None]
        rights[line.tag] = replace(before, count=before.count + line.quantity, valid_until=min(ends, default=None))
    return rights
