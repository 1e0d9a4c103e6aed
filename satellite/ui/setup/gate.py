"""Where people have to go before the console is there for them (rows S1.1, S1.5)."""

from __future__ import annotations

from satellite.actions.setup import needs_administrator, show_progress
from satellite.core.access.rules import Permission
from serverkit.db.unit import Unit
from serverkit.web.console import Gate, SignedIn

CODE, SETUP = "/setup/code", "/setup"
RESTORE = ("/setup/restore",)
MEANWHILE = ("/setup", "/help", "/me", "/sign-in", "/sign-out", "/step-up", "/search", "/users", "/settings", "/events")
"""What there is before the set-up is finished, beside its steps."""


class SetupDoor:
    """Leads to the set-up until it is finished; then it asks no more."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._has_administrator = False
        self._finished = False

    @property
    def finished(self) -> bool:
        """Whether the set-up is known to be finished."""
        return self._finished

    def gate(self, unit: Unit, who: SignedIn | None) -> Gate | None:
        """The page of the set-up code, the step that is next, or nothing."""
        if self._finished:
            return None
        if not self._has_administrator:
            if needs_administrator(unit):
                return Gate(CODE, RESTORE)
            self._has_administrator = True
        self._finished = show_progress(unit).finished
        if self._finished or who is None:
            return None
        return Gate(SETUP, MEANWHILE)


def may_set_up(who: SignedIn | None) -> bool:
    """Whether a person may take the steps."""
    return who is not None and Permission.SITE_MANAGE in who.permissions
