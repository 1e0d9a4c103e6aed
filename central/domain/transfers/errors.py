"""Refusals of transfers."""

from __future__ import annotations

from collections.abc import Sequence

from serverkit.errors import AppError, InvalidInputError, NotFoundError, RefusedError, Remedy

SHOWN = 20
PAGE = "central-portal.md#transfers"


class TransferRefusedError(RefusedError):
    code = "transfer_refused"
    message = "Some lines of the transfer are refused; nothing was moved."
    remedy = Remedy("Correct the named lines, or leave them out; a preview shows each with its reason.", page=PAGE)

    def __init__(self, refused: Sequence[tuple[int, AppError]]) -> None:
        """Name each line that is refused, by its number from 1."""
        shown = "; ".join(f"line {number}: {one.code}: {one.message}" for number, one in refused[:SHOWN])
        more = f" (and {len(refused) - SHOWN} more)" if len(refused) > SHOWN else ""
        super().__init__(shown + more)


class InvalidTransferLineError(InvalidInputError):
    code = "invalid_transfer_line"
    message = "A line of a transfer cannot be read."
    remedy = Remedy(
        r"Write VA:LICENCE:QUANTITY:TARGET or LOT:QUANTITY:TARGET; a colon inside a name is written `\:`.", page=PAGE
    )


class TooManyLinesError(InvalidInputError):
    code = "too_many_transfer_lines"
    message = "A transfer has no line, or more than 1,000."
    remedy = Remedy("Name at least one line, and divide a larger transfer.", page=PAGE)


class LotInSeveralError(RefusedError):
    code = "lot_in_several_virtual_accounts"
    message = "Several virtual accounts hold free units of the lot."
    remedy = Remedy("Name the virtual account that the units leave.", page=PAGE)


class LotEndedError(RefusedError):
    code = "lot_ended"
    message = "The term of the lot has ended."
    remedy = Remedy("Choose a lot whose term has not ended.", page=PAGE)


class UnknownTransferError(NotFoundError):
    code = "unknown_transfer"
    message = "There is no such transfer, or the caller may not see it."
    remedy = Remedy("List the transfers with `central licence transfers DOMAIN`.", page=PAGE)


class ReversalOverError(RefusedError):
    code = "transfer_reversal_over"
    message = "The time in which the transfer could be reversed is over."
    remedy = Remedy("Transfer what is still free by a new transfer.", page=PAGE)


class NothingToReverseError(RefusedError):
    code = "nothing_to_reverse"
    message = "Nothing of the transfer can come back: it did already, or none of it is free."
    remedy = Remedy("Free units in the virtual account that received them; then try again.", page=PAGE)
