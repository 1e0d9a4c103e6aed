"""The set-up code and the vendor's first administrator."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions import setup
from central.actions.users import give_role, remove_role, set_password
from central.domain.access.errors import UserExistsError
from serverkit.actor import OPERATOR
from serverkit.users.errors import AdministratorExistsError, SetupCodeRefusedError
from serverkit.users.first import SETUP_CODE
from serverkit.users.tables import Browser
from tests.served import cheap_hashes
from tests.unit.central.factories import server_of

BROWSER = Browser("10.0.0.1", "Browser")
PASSWORD = "correct horse battery staple"


@pytest.mark.row("C1.5")
def test_a_code_makes_one_administrator_and_takes_nobody_over(tmp_path: Path) -> None:
    """A wrong code and the name of someone with a password are refused; a program's user without one may be taken."""
    server = server_of(tmp_path)
    with cheap_hashes(), server.database.write(OPERATOR) as unit:
        assert setup.needs_administrator(unit)
        code = setup.renew_setup_code(server, unit)["setup_code"]
        give_role(unit, "clerk", "vendor_support")
        give_role(unit, "script", "vendor_administrator")
        unit.session.flush()
        set_password(unit, "clerk", PASSWORD)
    with server.database.read(OPERATOR) as unit:
        assert setup.read_setup_code(server, unit) == code
    with cheap_hashes():
        with pytest.raises(SetupCodeRefusedError):
            setup.create_first_administrator(server, "wrong", "ann", PASSWORD, BROWSER)
        with pytest.raises(UserExistsError):
            setup.create_first_administrator(server, code, "Clerk", PASSWORD, BROWSER)
        assert not setup.create_first_administrator(server, code, "script", PASSWORD, BROWSER).awaits_code
        with pytest.raises(AdministratorExistsError):
            setup.create_first_administrator(server, code, "ann", PASSWORD, BROWSER)
    with server.database.write(OPERATOR) as unit:
        assert setup.read_setup_code(server, unit) is None
        with pytest.raises(AdministratorExistsError):
            setup.renew_setup_code(server, unit)
    assert not (server.home / SETUP_CODE).exists()
    server.database.dispose()


@pytest.mark.row("C1.5")
def test_a_code_is_void_for_good_once_there_was_an_administrator(tmp_path: Path) -> None:
    """Whatever made the administrator; when the role is taken away, only a new code works."""
    server = server_of(tmp_path)
    with cheap_hashes(), server.database.write(OPERATOR) as unit:
        code = setup.renew_setup_code(server, unit)["setup_code"]
        give_role(unit, "ann", "vendor_support")
        unit.session.flush()
        set_password(unit, "ann", PASSWORD)
        assert setup.needs_administrator(unit)
        give_role(unit, "ann", "vendor_administrator")
        assert not setup.needs_administrator(unit)
    with server.database.write(OPERATOR) as unit:
        remove_role(unit, "ann", "vendor_administrator")
        assert setup.needs_administrator(unit)
    with cheap_hashes(), pytest.raises(SetupCodeRefusedError):
        setup.create_first_administrator(server, code, "eve", PASSWORD, BROWSER)
    server.database.dispose()
