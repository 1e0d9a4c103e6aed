"""What may be reserved, and whether a return code proves that it came back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from central.domain.reservations.errors import InvalidCodeError, NothingReservedError
from exchange.codes.base58 import OWN, as_written
from exchange.codes.confirming import confirms, read_confirmation_code
from exchange.codes.request import RequestCode, read_request_code
from exchange.codes.returning import belongs_to, read_return_code
from exchange.codes.travelled import change_of_code
from exchange.compliance import until
from exchange.errors import ExchangeError

MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class WantedLicence:
    """So much of a licence; `terms` says how much of each end, as `names_end` reads it, where a person chose that (row C6.1)."""

    tag: str
    quantity: int
    longest_first: bool = True
    terms: tuple[tuple[str, int], ...] = ()

    @property
    def adds_up(self) -> bool:
        """Whether the terms, where there are any, are the quantity, and each of them comes once."""
        ends = [end for end, _ in self.terms]
        whole = sum(count for _, count in self.terms) == self.quantity
        return not self.terms or (whole and len(set(ends)) == len(ends) and min(count for _, count in self.terms) > 0)


def most_releases(reserving: int) -> int:
    """How many reserving devices of a virtual account may be without a return code at a time: a tenth, rounded up (C6.7)."""
    return -(-reserving // 10)


def terms_text(units: Iterable[tuple[str, int, datetime | None]]) -> str:
    """Names, quantities and ends in words, the quantity of each end by itself (rows C3.10, C6.10).

    `3 of Essentials (1 until the end of 30 Nov 2027 UTC, 2 perpetual)`.
    """
    found: dict[str, dict[datetime | None, int]] = {}
    for name, count, end in units:
        ends = found.setdefault(name, {})
        ends[end] = ends.get(end, 0) + count
    return ", ".join(f"{sum(ends.values())} of {name} ({_ends(ends)})" for name, ends in sorted(found.items()))


def _ends(ends: Mapping[datetime | None, int]) -> str:
    dated = sorted((end, count) for end, count in ends.items() if end is not None)
    parts = [f"{count} {until(end)}" for end, count in dated]
    return ", ".join([*parts, *([f"{ends[None]} perpetual"] if None in ends else [])])


def read_request(text: str) -> RequestCode:
    """A request code as a person typed it; InvalidCodeError.

    Small letters in its beginning, the product id and the serial number are taken where the check value proves them;
    its digits differ by case, so a code that is in one case altogether cannot be known again.
    """
    plain = as_written(text)
    refused: ExchangeError | None = None
    for one in dict.fromkeys((text, *_in_capitals(plain))):
        try:
            return read_request_code(one)
        except ExchangeError as error:
            refused = refused or error
    raise _refusal(text, "request", refused.message if refused else "this is not a request code") from refused


def _in_capitals(plain: str) -> tuple[str, ...]:
    """A code of our own agent with its beginning, then also its product id and serial number, in capitals."""
    begin, parts = f"{OWN}-Z", plain.rsplit("-", 2)
    if plain[: len(begin)].upper() != begin or len(parts) != 3:
        return ()
    return begin + plain[len(begin) :], "-".join((parts[0].upper(), *parts[1:]))


def _refusal(text: str, kind: str, message: str) -> InvalidCodeError:
    """What is wrong with a code: what happened to it on its way, where that left a mark."""
    return InvalidCodeError(change_of_code(text, kind) or message)


def is_returned_by(request_code: str, return_code: str) -> bool:
    """Whether the device that made a request code gave back; InvalidCodeError for what is not a return code."""
    try:
        return belongs_to(read_return_code(return_code), read_request_code(request_code))
    except ExchangeError as error:
        raise _refusal(return_code, "return", error.message) from error


def is_confirmed_by(request_code: str, confirmation_code: str, number: int) -> bool:
    """Whether a device says that it installed the authorization of a number; InvalidCodeError for no such code."""
    try:
        code = read_confirmation_code(confirmation_code)
        return confirms(code, read_request_code(request_code), number)
    except ExchangeError as error:
        raise _refusal(confirmation_code, "confirmation", error.message) from error


def check_changes(wanted_licences: Sequence[WantedLicence]) -> None:
    """Refuse an update that names nothing, a licence twice, or a quantity below nothing."""
    tags = [wanted.tag for wanted in wanted_licences]
    if (
        not tags
        or len(set(tags)) != len(tags)
        or len(tags) > MOST_LINES
        or min(one.quantity for one in wanted_licences) < 0
    ):
        raise NothingReservedError
    _check_terms(wanted_licences)


def check_wishes(wanted_licences: Sequence[WantedLicence]) -> None:
    """Refuse an empty list, a licence that comes twice, and quantities that are none."""
    tags = [wanted.tag for wanted in wanted_licences]
    if (
        not tags
        or len(set(tags)) != len(tags)
        or len(tags) > MOST_LINES
        or min(one.quantity for one in wanted_licences) < 1
    ):
        raise NothingReservedError
    _check_terms(wanted_licences)


def _check_terms(wanted_licences: Sequence[WantedLicence]) -> None:
    if not all(one.adds_up for one in wanted_licences):
        raise NothingReservedError(
            "the quantities of the terms are not the quantity of the licence, each term only once"
        )
