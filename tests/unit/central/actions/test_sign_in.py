"""Signing in to central, and what is one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions import sign_in
from central.actions.users import give_role, remove_role, set_password
from central.domain.access.rules import MATRIX, Role
from serverkit.actor import OPERATOR
from serverkit.users.errors import NobodySignedInError, SessionEndedError, SignInRefusedError, TooManyTriesError
from serverkit.users.tables import Browser
from serverkit.users.totp import step_of, totp_code
from tests.served import cheap_hashes
from tests.unit.central.factories import server_of, unit_of

BROWSER, OTHER = Browser("10.0.0.1", "Browser"), Browser("10.0.0.2", "Another")
PASSWORD, LATER = "correct horse battery staple", "another horse and its staple"


@pytest.mark.row("C1.5")
def test_a_session_carries_the_roles_of_now_and_ends_with_a_new_password(tmp_path: Path) -> None:
    """A name and a password begin it, tries are slowed, a second step is asked for; a reset ends it."""
    server = server_of(tmp_path)
    with cheap_hashes():
        with server.database.write(OPERATOR) as unit:
            give_role(unit, "ann", "vendor_support")
            unit.session.flush()
            set_password(unit, "ann", PASSWORD)
        with pytest.raises(SignInRefusedError):
            sign_in.sign_in(server, "ann", "wrong", BROWSER)
        entered = sign_in.sign_in(server, "ANN", PASSWORD, BROWSER)
        user = sign_in.recognise_session(server, entered.session)
        assert (user.role, user.permissions) == (Role.VENDOR_SUPPORT, frozenset(MATRIX[Role.VENDOR_SUPPORT]))
        raised = sign_in.step_up(server, entered.session, PASSWORD, BROWSER)
        own = sign_in.own_of(server)
        with server.database.write(user.actor) as unit:
            secret = own.begin_two_step(unit).secret
            step = step_of(unit.now)
        assert len(own.confirm_two_step(raised, totp_code(secret, step))) == 10
        half = sign_in.sign_in(server, "ann", PASSWORD, OTHER)
        assert half.awaits_code
        with server.database.write(OPERATOR) as unit:
            remove_role(unit, "ann", "vendor_support")
        assert sign_in.recognise_session(server, raised).role is None
        changed = own.change_password(raised, PASSWORD, LATER, BROWSER)
        assert sign_in.recognise_session(server, changed).actor.name == "ann"
        for _ in range(4):  # the try that waits for its code counts, too
            with pytest.raises(SignInRefusedError):
                sign_in.sign_in(server, "ann", "wrong", OTHER)
        with pytest.raises(TooManyTriesError):
            sign_in.sign_in(server, "ann", LATER, OTHER)
        with server.database.write(OPERATOR) as unit:
            set_password(unit, "ann", PASSWORD)
        with pytest.raises(SessionEndedError):
            sign_in.recognise_session(server, changed)
        assert sign_in.sign_in(server, "ann", PASSWORD, OTHER).awaits_code
    server.database.dispose()


@pytest.mark.row("C1.5")
def test_only_who_signed_in_has_an_own_account(tmp_path: Path) -> None:
    """The owner of the home has none; signing out ends a session."""
    server = server_of(tmp_path)
    with unit_of() as unit, pytest.raises(NobodySignedInError):
        sign_in.own_of(server).show_two_step(unit)
    with cheap_hashes():
        with server.database.write(OPERATOR) as unit:
            give_role(unit, "ann", "vendor_administrator")
            unit.session.flush()
            set_password(unit, "ann", PASSWORD)
        entered = sign_in.sign_in(server, "ann", PASSWORD, BROWSER)
    sign_in.sign_out(server, entered.session)
    with pytest.raises(SessionEndedError):
        sign_in.recognise_session(server, entered.session)
    server.database.dispose()
