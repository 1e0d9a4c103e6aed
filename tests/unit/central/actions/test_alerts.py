"""Alerts as people see them."""

from __future__ import annotations

import pytest

from central.actions.accounts import create_account
from central.actions.alerts import dismiss_alert, list_alerts
from central.domain.accounts.queries import by_domain
from central.domain.alerts.services import refresh_alerts
from serverkit.alerts.errors import NotDismissibleError
from tests.unit.central.factories import DOMAIN, unit_of


@pytest.mark.row("C10.2")
def test_a_pending_agreement_is_an_alert_that_only_its_acceptance_clears() -> None:
    """It cannot be dismissed; listing the alerts changes none of them."""
    with unit_of() as unit:
        create_account(unit, "other.example", "Other", export_allowed=False)
        for domain in (DOMAIN, "other.example"):
            refresh_alerts(unit, by_domain(unit, domain))
        unit.session.flush()
        found = list_alerts(unit, "other.example").items

        assert [one["kind"] for one in list_alerts(unit, DOMAIN).items] == []
        assert [one["kind"] for one in found] == ["agreement_pending"]
        with pytest.raises(NotDismissibleError):
            dismiss_alert(unit, "other.example", found[0]["id"])
        assert list_alerts(unit, "other.example").items == found
