"""What the code of a refused file means, and what to do about it (row C11.2)."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.errors import ALL_ERRORS
from serverkit.web.texts import Words, _

_KNOWN = {one.code: one for one in ALL_ERRORS}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a file was refused."""

    code: str
    message: Words
    remedy: Words


def cause_of(code: str) -> Cause:
    """The cause of a code; a code of another version is shown as it is."""
    known = _KNOWN.get(code)
    if known is None:
        return Cause(code, _("The file was refused."), _("Make a new file at the satellite."))
    return Cause(code, _(known.message), _(str(known.remedy)))
