"""What may be reserved, and whether a return code proves that it came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from central.domain.reservations.errors import InvalidCodeError, NothingReservedError
from exchange.codes.confirming import confirms, read_confirmation_code
from exchange.codes.request import RequestCode, read_request_code
from exchange.codes.returning import belongs_to, read_return_code
from exchange.errors import ExchangeError

MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class WantedLicence:
    """So much of a licence."""

    tag: str
    quantity: int
    longest_first: bool = True


def read_request(text: str) -> RequestCode:
    """A request code; InvalidCodeError."""
    try:
        return read_request_code(text)
    except ExchangeError as error:
        raise InvalidCodeError(error.message) from error


def is_returned_by(request_code: str, return_code: str) -> bool:
    """Whether the device that made a request code gave back; InvalidCodeError for what is no return code."""
    try:
        return belongs_to(read_return_code(return_code), read_request_code(request_code))
    except ExchangeError as error:
        raise InvalidCodeError(error.message) from error


def is_confirmed_by(request_code: str, confirmation_code: str, number: int) -> bool:
    """Whether a device says that it installed the authorization of a number; InvalidCodeError for no such code."""
    try:
        return confirms(read_confirmation_code(confirmation_code), read_request_code(request_code), number)
    except ExchangeError as error:
        raise InvalidCodeError(error.message) from error


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
