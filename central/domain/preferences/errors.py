"""Refusals about preferences and flags."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy


class UnknownFlagError(NotFoundError):
    code = "unknown_flag"
    message = "There is no such flag."
    remedy = Remedy("List the flags with `central flag show DOMAIN`.", page="central-portal.md#preferences")


class NoteMissingError(InvalidInputError):
    code = "flag_note_missing"
    message = "A change of a flag needs a note."
    remedy = Remedy("Say in 1 to 1024 characters why it is changed.", page="central-portal.md#preferences")


class UnknownNoticeError(InvalidInputError):
    code = "unknown_notice"
    message = "There is nothing of this name to be mailed about."
    remedy = Remedy("List the names with `central preferences show DOMAIN USER`.", page="central-portal.md#preferences")


class AddressMissingError(InvalidInputError):
    code = "address_missing"
    message = "Mail needs an address."
    remedy = Remedy("Give the address that mail goes to.", page="central-portal.md#preferences")


class UnknownNoticeZoneError(InvalidInputError):
    code = "unknown_notice_zone"
    message = "The time zone of the daily summary is unknown."
    remedy = Remedy("Name a zone such as Europe/Vienna.", page="central-portal.md#preferences")


class TransactionsOffError(RefusedError):
    code = "transactions_off"
    message = "The inventory of the account does not show its lots."
    remedy = Remedy(
        "Have an account administrator switch on `transaction_details`.", page="central-portal.md#preferences"
    )
