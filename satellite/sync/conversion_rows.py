"""Requests of devices for conversion, on their way to central (row C9.5)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from exchange.files.rows import ConversionRequestRow
from exchange.keys import PublicKey
from exchange.statements import open_conversion_request
from exchange.vocabulary import ConversionState
from satellite.core.conversions.models import ConversionEntry
from serverkit.db.unit import Unit


def conversions_since(unit: Unit, after: int, *, full: bool) -> Iterator[ConversionRequestRow]:
    """Requests that wait; in a full file decided ones too, which a central that was not restored answers as before."""
    query = select(ConversionEntry).order_by(ConversionEntry.change_no)
    if not full:
        query = query.where(ConversionEntry.state == ConversionState.PENDING, ConversionEntry.change_no > after)
    for entry in unit.session.scalars(query.execution_options(yield_per=1000)):
        key = PublicKey.from_dict(entry.device_key)
        # As the device signed it: its machine may be another instance by now (row S4.1), which central finds by the key.
        signed = open_conversion_request(entry.statement, key).instance
        yield ConversionRequestRow(entry.id, signed, entry.statement, key)
