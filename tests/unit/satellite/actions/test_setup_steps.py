"""The steps of the set-up, read from the state."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions import setup_steps
from satellite.actions.registration import export_registration
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.site.errors import AddressNeededError, MachineUnfitError, NoRegistrationError
from satellite.core.site.queries import site_of
from serverkit.actor import OPERATOR
from serverkit.db import migrate
from tests.unit.satellite.factories import person, server_of, unit_of


@pytest.mark.row("S1.2", "S1.5")
def test_the_registration_file_is_given_out_again_byte_for_byte(tmp_path: Path) -> None:
    """Before the first there is none; while central has not answered, the step says since when it waits."""
    server = server_of(tmp_path, epoch=0)
    with server.database.write(OPERATOR) as unit:
        with pytest.raises(NoRegistrationError):
            setup_steps.download_registration(server, unit)
        assert setup_steps.show_registration_step(server, unit)["waiting_since"] is None
        made = export_registration(server, unit)
        unit.session.flush()
        assert setup_steps.download_registration(server, unit) == made
        waiting = setup_steps.show_registration_step(server, unit)
        assert (waiting["state"], waiting["registration"]) == ("registration_made", made.view)
        assert waiting["waiting_since"] is not None
    server.database.dispose()


@pytest.mark.row("S1.1")
def test_a_missing_key_or_an_old_form_of_the_database_stops_the_setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal names them, and the step is not done."""
    server = server_of(tmp_path)
    monkeypatch.setattr(migrate, "current", lambda _engine: "0000")
    with server.database.write(OPERATOR) as unit:
        key = site_of(unit).identity_key_id
        next((tmp_path / "keys").glob(f"*{key}*")).unlink()
        with pytest.raises(MachineUnfitError) as caught:
            setup_steps.confirm_check(server, unit)
        assert "keys" in caught.value.message
        assert "schema" in caught.value.message
        assert setup_steps.show_wizard(server, unit)["next"] == "check"
        unit.actor = person(Role.OPERATOR)
        with pytest.raises(NotPermittedError):
            setup_steps.confirm_check(server, unit)
    server.database.dispose()


@pytest.mark.row("S1.4", "S1.5")
def test_the_way_is_chosen_and_network_needs_an_address() -> None:
    """Refused, the choice that stands stays; the verdict on finishing warns of a time that no one confirmed."""
    with unit_of() as unit:
        assert setup_steps.choose_way(unit, "manual")["mode"] == "manual"
        with pytest.raises(AddressNeededError):
            setup_steps.choose_way(unit, "network")
        assert site_of(unit).setup_mode == "manual"
        verdict = setup_steps.judge_finish_setup(unit)
        assert verdict.allowed
        assert verdict.warnings
    with unit_of(epoch=0) as unit:
        assert not setup_steps.judge_finish_setup(unit, "manual").allowed
