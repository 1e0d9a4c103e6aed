"""The library for products: register, use licences, and check rights without a network (rows D1, D2).

`Device.may_use` answers from rights that were verified when the device was opened or last spoke with its server; it
reads no file and no network. Everything else is one call for one intention, safe to repeat after any failure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from agent import converting, exports, usage_reports
from agent.connected import Connected
from agent.errors import (
    InvalidQuantityError,
    InvalidTagError,
    RestrictedError,
    UnknownUseError,
    refusal_of_use,
)
from agent.files import locked
from agent.states import Answer, Right
from agent.store import Conversion, Export
from exchange.usage import UsageResult

MOST_COUNT = 1_000_000

_TAG = re.compile(r"[A-Za-z0-9._,+/ ()-]{1,255}")


class Device(Connected):
    """One product instance; open it once and keep it."""

    def may_use(self, tag: str, count: int = 1) -> Answer:
        """Answer offline, from verified rights, whether `count` of a licence may be used now (row D2)."""
        reading = self.clock.read()
        now, ends = reading.now, reading.licence_now
        if self._reserved is not None:
            return self._may_by_code(self._reserved, tag, count, ends)
        if self.state.registration != "complete" or self._is_over(ends):
            left = self.evaluation_left(now)
            return Answer(
                left > timedelta(0), "evaluation" if left > timedelta(0) else "evaluation_expired", now + left
            )
        right = self._rights.get(tag)
        if right is None:
            return Answer(allowed=False, reason="not_requested")
        if right.valid_until is not None and right.valid_until <= ends:
            return Answer(allowed=False, reason="authorization_expired", valid_until=right.valid_until)
        if right.count < count:
            return Answer(allowed=False, reason="count_exceeds_authorization", valid_until=right.valid_until)
        usable = right.state in {"authorized", "out_of_compliance"}
        return Answer(usable, right.state, right.valid_until)

    def use(self, tag: str, count: int) -> Right | None:
        """Use `count` of an ordinary licence and report it at once; None while in evaluation."""
        check_tag(tag)
        check_count(count)
        with locked(self._store.folder):
            self._reload()
            granted = self._rights.get(tag)
            if granted is not None and granted.restricted:
                if count > granted.count:
                    raise RestrictedError(
                        "central granted {n} of {tag}, not {count}", n=granted.count, tag=tag, count=count
                    )
                return granted
            before = self.state.uses.get(tag)
            if granted is not None and before == count and self.detached_until() is not None:
                return granted  # authorized for the whole term
            self._refuse_detached()
            self._count_evaluation()
            self.state.uses[tag] = count
            self._store.save(self.state)
            if self.state.registration != "complete":
                return None
            self._renew_authorization(self._talk())
            right = self._rights.get(tag)
            if right is not None and right.state in {"restricted_needs_export_request", "invalid", "not_found"}:
                self._take_back(tag, before)
                raise refusal_of_use(right.tag, right.state)
            return right

    def use_all(self, uses: dict[str, int]) -> None:
        """Make the list of what is used equal to `uses` and report it in one message."""
        for tag, count in uses.items():
            check_tag(tag)
            check_count(count)
        with locked(self._store.folder):
            self._reload()
            if self.detached_until() is not None and uses == self.state.uses:
                return
            self._refuse_detached()
            self._count_evaluation()
            self.state.uses = dict(uses)
            self._store.save(self.state)
            if self.state.registration == "complete":
                self._renew_authorization(self._talk())

    def release(self, tag: str) -> None:
        """Stop using an ordinary licence and report it at once."""
        check_tag(tag)
        with locked(self._store.folder):
            self._reload()
            if tag not in self.state.uses:
                raise UnknownUseError("this device does not use {tag}", tag=tag)
            self._refuse_detached()
            self._count_evaluation()
            del self.state.uses[tag]
            self._store.save(self.state)
            if self.state.registration == "complete":
                self._renew_authorization(self._talk())

    def request_export(self, tag: str, count: int) -> Export:
        """Ask for a restricted licence; the answer comes with a later contact (row S4.4)."""
        check_tag(tag)
        check_count(count)
        with locked(self._store.folder):
            self._reload()
            talk = self._talk()
            try:
                export = exports.request_export(talk, self.state, self._own_key(), tag, count, self.clock.now())
            finally:
                self._settle(talk)
            if export.state == "granted":
                self._renew_authorization(talk)
            return self.state.exports[tag]

    def return_export(self, tag: str) -> Export | None:
        """Return a restricted licence: it gives no right from now on, and the return is repeated until central confirms it."""
        check_tag(tag)
        with locked(self._store.folder):
            self._reload()
            self._refuse_detached()
            waiting = tag in self.state.exports and self.state.exports[tag].state == "pending"
            exports.mark_returned(self.state, self._own_key(), tag, self.clock.now())
            self._store.save(self.state)
            self._derive()
            if self.state.registration == "complete":
                talk = self._talk()
                if waiting:
                    exports.withdraw_request(talk, self.state, self._own_key(), tag, self.clock.now())
                self._renew_authorization(talk)
            return self.state.exports.get(tag)

    def convert(self, lines: Mapping[str, int] | None = None) -> Conversion:
        """Have the classic licences of this device converted (row C9.5); without lines, ask what became of the last request.

        `lines` are all units that the device holds, by SKU. The request is kept, and repeated until it is decided.
        """
        for count in (lines or {}).values():
            check_count(count)
        with locked(self._store.folder):
            self._reload()
            converting.choose(self.state, lines, self.clock.now())
            self._store.save(self.state)
            talk = self._talk()
            try:
                return converting.ask(talk, self.state, self._own_key(), self.clock.now())
            finally:
                self._settle(talk)

    def report_usage(self) -> UsageResult | None:
        """Sign and report what was used since the last report (row S4.6); None where nothing was ever used."""
        with locked(self._store.folder):
            self._reload()
            talk = self._talk()
            try:
                return usage_reports.report(talk, self.state, self._own_key(), self.clock.now())
            finally:
                self._settle(talk)

    def _take_back(self, tag: str, before: int | None) -> None:
        if before is None:
            del self.state.uses[tag]
        else:
            self.state.uses[tag] = before
        self._store.save(self.state)
        self._rights.pop(tag, None)
        self._renew_authorization(self._talk())


def check_tag(tag: str) -> None:
    """Refuse what no licence tag can be."""
    if not _TAG.fullmatch(tag) or tag != tag.strip():
        raise InvalidTagError("{tag!r} is not a licence tag", tag=tag)


def check_count(count: int) -> None:
    """Refuse a quantity outside 1 to 1,000,000."""
    if not 1 <= count <= MOST_COUNT:
        raise InvalidQuantityError("{count} is not a quantity", count=count)
