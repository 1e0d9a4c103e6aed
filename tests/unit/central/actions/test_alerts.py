"""Alerts as people see them."""

from __future__ import annotations

import pytest

from central.actions.accounts import create_account
from central.actions.alerts import dismiss_alert, find_alert, list_alerts
from central.actions.event_log import list_events
from central.actions.virtual_accounts import create_virtual_account
from central.domain.access.rules import Role
from central.domain.access.services import add_user
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.alerts.services import refresh_alerts
from serverkit.actor import OPERATOR, Actor, ActorKind
from serverkit.alerts.errors import NotDismissibleError
from serverkit.db.paging import Slice
from tests.unit.central.factories import DOMAIN, POOL, add_instance, unit_of


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


@pytest.mark.row("C10.1", "C10.2", "B6")
def test_an_alert_about_two_virtual_accounts_belongs_to_the_administrators_of_both() -> None:
    """One identity in two: who manages the second reads which machine is there, none of the first, and may dismiss the alert."""
    with unit_of() as unit:
        create_virtual_account(unit, DOMAIN, "Other")
        first, second = add_instance(unit, "SN1"), add_instance(unit, "SN2", pool="Other")
        second.udi, second.udi_key = first.udi, first.udi_key
        account = by_domain(unit, DOMAIN)
        mine = virtual_account(unit, account.id, "Other").id
        refresh_alerts(unit, account)
        user, _role = add_user(unit, "bert", Role.VIRTUAL_ACCOUNT_ADMINISTRATOR, account.id, mine)
        unit.session.flush()
        unit.actor = Actor(ActorKind.USER, user.id, user.name)
        (found,) = list_alerts(unit, DOMAIN).items
        dismiss_alert(unit, DOMAIN, found["id"])

        assert found["subject"] == {
            "virtual_account": mine,
            "virtual_accounts": [mine],
            "instance": second.id,
            "instances": [second.id],
        }
        assert find_alert(unit, DOMAIN, found["id"])["state"] == "dismissed"
        unit.actor = OPERATOR
        told = [list_events(unit, DOMAIN, place, Slice()).items for place in (POOL, "Other")]
        assert [[one["kind"] for one in log if one["kind"].startswith("alert:")] for log in told] == [
            ["alert:dismissed"]
        ] * 2
