"""What an alert leads to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from satellite.core.access.rules import Permission
from satellite.ui import alerts
from satellite.ui.console import URLS
from serverkit.web.alert_pages import what_to_do

PLACES = {
    "backup_old": "/settings/backup",
    "backup_failed": "/settings/backup",
    "tls_pair_unusable": "/settings/tls",
    "tls_certificate_ending": "/settings/tls",
    "tls_names_missing": "/settings/tls",
}


def page_of(*permissions: Permission) -> Any:
    """A visit by someone with some permissions; only what a link asks of it."""
    opened = {url.path for url in URLS if not url.changes and url.permission in {*permissions}}
    return SimpleNamespace(may_open=opened.__contains__)


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("kind", PLACES)
def test_an_alert_about_backups_or_the_certificate_leads_to_its_page_for_those_who_may_open_it(kind: str) -> None:
    """Everyone reads what is to be done; the link is there for a role that the page is open to."""
    item = {"kind": kind, "subject": {}, "actions": ["dismiss"]}

    words, path = what_to_do(page_of(Permission.SITE_MANAGE), alerts.place_of(item))
    assert path == PLACES[kind]
    assert words
    assert what_to_do(page_of(), alerts.place_of(item)) == (words, None)


@pytest.mark.row("S3.2")
def test_an_alert_about_missing_licences_leads_to_the_calculation_that_says_what_to_do() -> None:
    """Not to the synchronization alone, which brings no units that were not bought."""
    item = {
        "kind": "insufficient_licences",
        "subject": {"virtual_account": "va1", "tag": "regid.x,1.0_a"},
        "actions": ["synchronize"],
    }

    found = alerts.place_of(item)
    assert found is not None
    assert (str(found[0]), found[1]) == ("Why, and what to do", "/licences/va1/regid.x%2C1.0_a/why")
