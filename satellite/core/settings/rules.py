"""What settings may hold, where more than one use case reads them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from serverkit.stored_settings import Stored
from serverkit.tls.names import plain_name


def _names(names: list[str]) -> list[str]:
    found = [(name, plain_name(name)) for name in names]
    bad = next((name for name, plain in found if plain is None), None)
    if bad is not None:
        raise ValueError(f"{bad[:80]!r} is neither a host name nor an IP address")
    return [*dict.fromkeys(plain for _, plain in found if plain)]


Names = Annotated[list[str], AfterValidator(_names)]


class NetworkNames(Stored):
    """Names and addresses by which devices and browsers reach the server, beside those of the settings file."""

    names: Names = Field(default=[], max_length=50)
