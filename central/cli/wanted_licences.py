"""How commands name licences to be reserved: `TAG=QUANTITY`, or `TAG=QUANTITY@END` once for each term."""

from __future__ import annotations

from dataclasses import replace

import click

from central.domain.reservations.rules import WantedLicence

LICENCE = "A licence and how much of it; with the end of a term, `2027-12-31` or `perpetual`, once for each term."
ADD = "Units that come with the device, which are added to the inventory first; each licence once from a device."
NEW = "The new quantity; with the end of a term, `2027-12-31` or `perpetual`, once for each term."


def read_wanted(texts: tuple[str, ...]) -> list[WantedLicence]:
    """The licences that options name; UsageError."""
    found: list[WantedLicence] = []
    for text in texts:
        name, sign, rest = text.rpartition("=")
        count, at, end = rest.partition("@")
        if not sign or not count.isascii() or not count.isdecimal() or len(count) > 10 or (at and not end):
            raise click.UsageError(
                "--licence is TAG=QUANTITY, a whole number of at most 10 digits, or TAG=QUANTITY@END with a day or"
                f" `perpetual`; not {text[:80]!r}"
            )
        last = found[-1] if found else None
        terms = ((end, int(count)),) if end else ()
        if last is not None and last.tag == name and last.terms and terms:
            found[-1] = replace(last, quantity=last.quantity + int(count), terms=last.terms + terms)
        else:
            found.append(WantedLicence(name, int(count), terms=terms))
    return found
