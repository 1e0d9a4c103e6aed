"""The first page of a new central: the set-up code and the vendor's first administrator (row C1.5)."""

from __future__ import annotations

from central.actions.setup import create_first_administrator, first_user
from serverkit.web.first_page import FirstPage
from serverkit.web.texts import _

URLS = tuple(
    FirstPage(
        first_user,
        create_first_administrator,
        title=_("Set up the console"),
        intro=_(
            "The vendor has no administrator with a password yet. Devices, satellites and programs are served already."
        ),
        where=_("`central init` printed it and `central serve` prints it; `central setup code` makes a new one."),
        verb=_("Make administrator"),
    ).urls("C1.5")
)
