"""Use cases of privacy: what of each field leaves the site (row S2.4)."""

from __future__ import annotations

from collections.abc import Mapping

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.site import services
from satellite.core.site.queries import site_of
from serverkit.db.unit import Unit


def show_privacy(unit: Unit) -> dict[str, str]:
    """Show the choice for each field: send, pseudonym or drop."""
    return dict(site_of(unit).privacy)


def change_privacy(unit: Unit, choices: Mapping[str, str]) -> dict[str, str]:
    """Change the choice for some fields; UnknownPrivacyFieldError."""
    require(unit, Permission.SITE_MANAGE)
    for field, choice in choices.items():
        services.set_privacy(unit, field, choice)
    return show_privacy(unit)
