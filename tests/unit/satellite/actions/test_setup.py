"""Use cases of the set-up and of privacy."""

from __future__ import annotations

import pytest

from satellite.actions.privacy import change_privacy, show_privacy
from satellite.actions.setup import SetupProgress, show_progress, show_steps
from satellite.actions.site import show_account
from satellite.actions.virtual_accounts import find_names, list_virtual_accounts, refuse_change
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.accounts.errors import CentralOnlyError
from satellite.core.accounts.queries import UnknownVirtualAccountError
from satellite.core.site.errors import NotAuthorizedError, UnknownPrivacyFieldError
from satellite.core.site.queries import site_of
from tests.unit.satellite.factories import NOW, add_virtual_account, person, unit_of


@pytest.mark.row("S1.5")
def test_the_steps_follow_the_state_of_the_satellite() -> None:
    """The next command is that of the first step that is not done."""
    with unit_of(epoch=0) as unit:
        assert show_progress(unit) == SetupProgress(registered=False, authorized=False, finished=False)
        assert "registration export" in show_steps(unit)["next"]
        with pytest.raises(NotAuthorizedError):
            show_account(unit)
    with unit_of() as unit:
        assert "setup finish" in show_steps(unit)["next"]
        site_of(unit).setup_finished_at = NOW
        assert show_steps(unit)["finished"]
        assert show_account(unit).domain == "customer.example"


@pytest.mark.row("S2.4")
def test_privacy_is_changed_field_by_field_and_has_everything_sent_again() -> None:
    """What is not named stays, an unknown choice is refused, and an operator may not change it."""
    with unit_of() as unit:
        site_of(unit).needs_full = False
        assert change_privacy(unit, {"hostname": "pseudonym"}) == {**show_privacy(unit), "hostname": "pseudonym"}
        assert site_of(unit).needs_full
        with pytest.raises(UnknownPrivacyFieldError):
            change_privacy(unit, {"hostname": "shout"})
    with unit_of(person(Role.OPERATOR)) as unit, pytest.raises(NotPermittedError):
        change_privacy(unit, {})


@pytest.mark.row("S3.2")
def test_virtual_accounts_are_listed_here_and_changed_at_central() -> None:
    """Names are found or refused; a change is refused with its reason to those who may change something."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        assert [one.to_dict()["name"] for one in list_virtual_accounts(unit)] == ["Site"]
        assert find_names(unit, []) == find_names(unit, ["Site"]) == {site.id: "Site"}
        with pytest.raises(UnknownVirtualAccountError):
            find_names(unit, ["Sight"])
        with pytest.raises(CentralOnlyError):
            refuse_change(unit)
    with unit_of(person(Role.READ_ONLY)) as unit, pytest.raises(NotPermittedError):
        refuse_change(unit)
