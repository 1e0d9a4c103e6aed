"""The part of a device that leaves its network for a stated time, and returns (row C7.8).

The answer to `detach` authorizes the device for its whole term; it is kept as evidence like any other authorization, and
gives no right after the term, by licence time. Until then the device sends nothing but its return.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from agent import exports, renewing, usage_reports
from agent.clock import DeviceClock
from agent.conversation import Conversation
from agent.errors import AlreadyReservedError, ClockDiffersError, DetachedError, InvalidDaysError, NotDetachedError
from agent.files import locked
from agent.store import DeviceState, Store
from exchange.canonical import parse_time
from exchange.codes.authorization import Reservation
from exchange.device.detaching import LONGEST_DAYS, DetachBody
from exchange.keys import PrivateKey
from exchange.licence_time import TOLERANCE
from exchange.vocabulary import DeviceOp


class Detaching:
    """Detached mode."""

    clock: DeviceClock
    state: DeviceState
    _store: Store
    _reserved: Reservation | None

    def _reload(self) -> None:
        raise NotImplementedError

    def _own_key(self) -> PrivateKey:
        raise NotImplementedError

    def _talk(self, *, detached: bool = False) -> Conversation:
        raise NotImplementedError

    def _settle(self, talk: Conversation) -> None:
        raise NotImplementedError

    def _renew_authorization(self, talk: Conversation) -> None:
        raise NotImplementedError

    def detached_until(self) -> datetime | None:
        """The end of the term that runs now; None while the device is connected, or once its term is over."""
        kept = self.state.detached
        until = parse_time(kept.until) if kept is not None else None
        return until if until is not None and self.clock.licence_now() < until else None

    def _refuse_detached(self) -> None:
        until = self.detached_until()
        if until is not None:
            raise DetachedError("this device is detached until {end:%Y-%m-%d %H:%M} UTC", end=until)

    def detach(self, days: int) -> datetime:
        """Leave the network for so many days; returns the end of the term, which the server may have shortened.

        DetachedError, NotRegisteredError, InvalidDaysError, AlreadyReservedError, ClockDiffersError; ServerRefusedError with
        its reason.
        """
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST_DAYS:
            raise InvalidDaysError("{days!r} is not a number of days", days=str(days)[:40])
        with locked(self._store.folder):
            self._reload()
            self._refuse_detached()
            if self._reserved is not None:
                raise AlreadyReservedError("licences are installed by a code, which needs no network")
            talk, key, now = self._talk(), self._own_key(), self.clock.now()
            try:
                ends = self.state.certificate_expires
                if ends is not None and parse_time(ends) < now + timedelta(days=days):
                    renewing.renew_identity(talk, self.state, key, now)  # the term ends with it at the latest
                usage_reports.measure(self.state, now)
                exports.tell_returns(talk, self.state, now)
                body = DetachBody(days, renewing.use_of(self.state))
                reply = talk.say(DeviceOp.DETACH, body.to_dict(), now)
                renewing.accept_authorization(
                    self.state, key, reply, now
                )  # what it gives back now waits for its return
            finally:
                self._settle(talk)
            self._refuse_late_clock(talk, reply.answer.created)
            return parse_time(self.state.detached.until) if self.state.detached is not None else now

    def _refuse_late_clock(self, talk: Conversation, answered: datetime) -> None:
        """Return at once where the server's clock is behind: the term would end earlier here than it was given for."""
        behind = self.clock.licence_now() - answered
        if behind > TOLERANCE:
            self._renew_authorization(talk)
            raise ClockDiffersError(
                "the server's clock is {days} days behind this device's licence time; the device is not detached",
                days=behind.days,
            )

    def reattach(self) -> None:
        """Return to the network before the term ends, and renew the authorization; NotDetachedError."""
        with locked(self._store.folder):
            self._reload()
            if self.state.detached is None:
                raise NotDetachedError("this device is not detached")
            talk = self._talk(detached=True)
            if self.state.detached is not None:  # else the answer to an earlier attempt came just now
                self._renew_authorization(talk)
