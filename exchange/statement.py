"""What every signed statement has in common: its format's number and how it is read."""

from __future__ import annotations

from exchange.errors import UnsupportedVersionError
from exchange.fields import Fields

FORMAT = 1


def statement_fields(data: object, what: str) -> Fields:
    """The members of a payload; UnsupportedVersionError for another format."""
    fields = Fields(data, what)
    if fields.integer("format", least=1) != FORMAT:
        raise UnsupportedVersionError("{what}: written in a newer format", what=what)
    return fields
