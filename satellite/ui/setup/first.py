"""The first page of all: the set-up code and the first administrator. Nothing else answers before (row S1.1)."""

from __future__ import annotations

from satellite.actions.restore import awaits_restart
from satellite.actions.setup import create_first_administrator, first_user
from satellite.ui.setup.gate import RESTORE, SETUP
from serverkit.web.first_page import FirstPage
from serverkit.web.texts import _

WHERE = _("It is printed on the console of this machine and in its journal; `satellite setup code` makes a new one.")
URLS = tuple(
    FirstPage(
        first_user,
        create_first_administrator,
        title=_("Set up this satellite"),
        intro=_("This satellite is new. Its console opens once it has an administrator."),
        where=WHERE,
        verb=_("Begin the set-up"),
        then=SETUP,
        restore=RESTORE[0],
        restored=awaits_restart,
    ).urls("S1.1")
)
