"""Reservations for a device without any network: request, install, return (row S4.5).

What is installed is kept as central signed it and verified again whenever the device starts. Giving back forgets it first
and shows the return code afterwards, the same one however often it is asked for. A new request keeps it: without it no one
can prove that the units are free. An update replaces what is installed; a device never goes back to an older one.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from agent.errors import (
    AlreadyRegisteredError,
    AlreadyReservedError,
    CodeRefusedError,
    NoCodeForIdentityError,
    NotReservedError,
)
from agent.files import locked
from agent.states import Answer, Right
from agent.store import DeviceState, HeldReservation, KeptReturn, Store, to_bytes, to_text
from exchange.codes.authorization import Reservation, open_authorization_code
from exchange.codes.confirming import make_confirmation_code
from exchange.codes.request import make_request_code, obstacle_of, read_request_code
from exchange.codes.returning import make_return_code
from exchange.codes.secrets import SECRET_BYTES
from exchange.codes.travelled import change_of_code
from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.statements import RESERVATION, ExportReturn, GivenUpReservation, given_up_id, seal_export_return
from exchange.trust import Trust


def request(state: DeviceState, udi: Udi) -> str:
    """The request code for central; the same one until something was installed and returned."""
    held = state.reservation
    if held is not None and held.code is not None:
        raise AlreadyReservedError("licences are installed by a code already")
    if held is not None and held.returned is None and read_request_code(held.request).udi == _plain(udi):
        return held.request
    if (obstacle := obstacle_of(udi)) is not None:
        name, part, what = obstacle
        raise NoCodeForIdentityError(
            "no request code can name the {name} {part!r}: it has {what}", name=name, part=part, what=what
        )
    secret = secrets.token_bytes(SECRET_BYTES)
    code = make_request_code(udi, secret)
    state.udi = udi.to_dict()
    state.reservation = HeldReservation(request=code, secret=to_text(secret))
    return code


def _plain(udi: Udi) -> Udi:
    return Udi(pid=udi.pid, serial=udi.serial)


def install(state: DeviceState, trust: Trust, text: str) -> Reservation:
    """Install what central reserved for this device and this request; anything else is refused and changes nothing."""
    held = state.reservation
    if held is None or held.returned is not None:
        raise NotReservedError("this device has not asked for a reservation")
    try:
        found = open_authorization_code(text, trust)
    except ExchangeError as error:
        cause = change_of_code(text, "authorization") or error.message
        raise CodeRefusedError("{reason} ({error_code})", reason=cause, error_code=error.code) from error
    if found.request != held.request:
        raise CodeRefusedError("the code answers another request than the one of this device")
    if found.number < held.number:
        raise CodeRefusedError("a newer code is installed; this one is not in force any more")
    held.code, held.number = text, found.number
    return found


def confirmation(state: DeviceState) -> str:
    """The code that proves to central which authorization is installed; the same one however often it is asked for."""
    held = state.reservation
    if held is None or held.code is None:
        raise NotReservedError("no licences are installed by a code")
    return make_confirmation_code(to_bytes(held.secret), held.number)


def give_back(state: DeviceState) -> str:
    """Delete what was installed; returns the code that proves it to central."""
    held = state.reservation
    if held is not None and held.code is not None:
        return _returned(state, held)
    if held is not None and held.returned is not None:
        return held.returned
    if not state.returns:
        raise NotReservedError("no licences are installed by a code")
    return state.returns[-1].code


def _returned(state: DeviceState, held: HeldReservation) -> str:
    """Delete what is installed, and keep the code that proves it."""
    held.code, held.returned = None, make_return_code(to_bytes(held.secret))
    state.returns.append(KeptReturn(held.request, held.returned))
    return held.returned


def forget_return(state: DeviceState, text: str) -> str:
    """Forget a return code that was entered at central; returns it. NotReservedError for a code that is not kept."""
    wanted = "".join(text.split()).upper()
    for kept in state.returns:
        if "".join(kept.code.split()).upper() == wanted:
            state.returns.remove(kept)
            if state.reservation is not None and state.reservation.request == kept.request:
                state.reservation = None
            return kept.code
    raise NotReservedError("this device keeps no such return code")


def give_up(state: DeviceState, key: PrivateKey, now: datetime) -> None:
    """A registered device forgets its code and signs that it does; the statement is repeated until central releases it.

    Not before a server has accepted the registration: what shows the secret cannot be taken back (row C6.8).
    """
    held = state.reservation
    if state.instance is None or state.udi is None:
        return
    if held is not None and all(kept.request != held.request for kept in state.returns):
        _returned(state, held)
    for kept in state.returns:
        name = given_up_id(kept.request)
        if name in state.given_up:
            continue
        statement = ExportReturn(
            grant=name,
            instance=state.instance,
            udi=Udi.from_dict(state.udi),
            key_hash=key.public.key_hash,
            tag=RESERVATION,
            quantity=1,
            returned_at=now,
            reservation=GivenUpReservation(kept.request, kept.code),
        )
        state.given_up[name] = seal_export_return(statement, key)


def note_released(state: DeviceState, name: str) -> None:
    """Central accepted the return: delete the reservation."""
    if state.given_up.pop(name, None) is None:
        return
    state.returns = [kept for kept in state.returns if given_up_id(kept.request) != name]
    if state.reservation is not None and given_up_id(state.reservation.request) == name:
        state.reservation = None


def installed(state: DeviceState, trust: Trust | None) -> Reservation | None:
    """What is installed, verified again; None where nothing is or it does not hold."""
    held = state.reservation
    if held is None or held.code is None or trust is None:
        return None
    try:
        found = open_authorization_code(held.code, trust)
    except ExchangeError:
        return None
    return found if found.request == held.request and found.number >= held.number else None


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


class ByCode:
    """The part of a device that gets its licences by code."""

    state: DeviceState
    _store: Store
    _trust: Trust | None

    @property
    def rights(self) -> dict[str, Right]:
        """The verified rights by tag."""
        raise NotImplementedError

    def _reload(self) -> None:
        raise NotImplementedError

    def _pin(self, root: bytes) -> Trust:
        raise NotImplementedError

    def _derive(self) -> None:
        raise NotImplementedError

    def reserve_request(self, udi: Udi, root: bytes) -> str:
        """The code with which this device asks for licences without any network (row S4.5)."""
        with locked(self._store.folder):
            self._reload()
            if self.state.registration == "complete":
                raise AlreadyRegisteredError("this device is registered", remedy="Deregister it first.")
            self._pin(root)
            code = request(self.state, udi)
            self._store.save(self.state)
            self._derive()
            return code

    def reserve_install(self, text: str) -> dict[str, Right]:
        """Install central's answer to the request; returns what may be used."""
        with locked(self._store.folder):
            self._reload()
            if self._trust is None:
                raise NotReservedError("this device has not asked for a reservation")
            install(self.state, self._trust, text)
            self._store.save(self.state)
            self._derive()
            return self.rights

    def reserve_confirmation(self) -> str:
        """The code to carry to central after an update: what was installed before is not used any more (row C6.4)."""
        with locked(self._store.folder):
            self._reload()
            return confirmation(self.state)

    def reserve_return(self) -> str:
        """Give everything back: it is forgotten and written down before the code is shown."""
        with locked(self._store.folder):
            self._reload()
            code = give_back(self.state)
            self._store.save(self.state)
            self._derive()
            return code

    def reserve_codes(self) -> list[str]:
        """The return codes that are kept, the newest last."""
        with locked(self._store.folder):
            self._reload()
            return [kept.code for kept in self.state.returns]

    def reserve_forget(self, text: str) -> str:
        """Forget a return code that a person has entered at central."""
        with locked(self._store.folder):
            self._reload()
            code = forget_return(self.state, text)
            self._store.save(self.state)
            self._derive()
            return code

    def _may_by_code(self, found: Reservation, tag: str, count: int, now: datetime) -> Answer:
        right = rights_by_code(found, now).get(tag)
        if right is None:
            known = any(line.tag == tag for line in found.lines)
            return Answer(allowed=False, reason="authorization_expired" if known else "not_requested")
        if right.count < count:
            return Answer(allowed=False, reason="count_exceeds_authorization", valid_until=right.valid_until)
        return Answer(allowed=True, reason="authorized_reserved", valid_until=right.valid_until)
