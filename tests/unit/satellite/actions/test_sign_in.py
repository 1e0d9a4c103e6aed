"""Signing in with a browser, and what is one's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from satellite.actions import sign_in
from satellite.actions.users import add_user
from satellite.core.access.errors import UnknownUserError
from satellite.core.access.models import USER_TABLES
from satellite.core.access.rules import MATRIX, Role
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.errors import AppError
from serverkit.users import passwords, sessions
from serverkit.users.errors import CodeRefusedError, SessionEndedError, SignInRefusedError, StepUpNeededError
from serverkit.users.tables import Browser
from serverkit.users.totp import step_of, totp_code
from tests.unit.satellite import factories
from tests.unit.satellite.factories import server_of, unit_of

BROWSER = Browser("10.0.0.1", "Browser")
PASSWORD = "correct horse battery staple"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite that was set up."""
    made = server_of(tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    nobody = cheap.hash("no user has this password")
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    monkeypatch.setattr(passwords, "_nobody", lambda: nobody)


@pytest.mark.row("S3.4")
@pytest.mark.usefixtures("_cheap_hashes")
def test_a_password_begins_a_session_and_a_wrong_one_none(server: Satellite) -> None:
    """A wrong name and a wrong password are refused alike; after signing out the session is over."""
    with server.database.write(OPERATOR) as unit:
        add_user(server, unit, "ann", "operator", PASSWORD)
    refusals = []
    for name, password in (("ann", "wrong"), ("zoe", PASSWORD)):
        with pytest.raises(SignInRefusedError) as caught:
            sign_in.sign_in(server, name, password, BROWSER)
        refusals.append(caught.value.message)
    entered = sign_in.sign_in(server, "ann", PASSWORD, BROWSER)
    user = sign_in.recognise_session(server, entered.session)

    assert len(set(refusals)) == 1
    assert (user.actor.name, user.role, user.actor.scopes) == ("ann", "operator", MATRIX[Role.OPERATOR])
    assert entered.session not in repr(entered)
    sign_in.sign_out(server, entered.session)
    with pytest.raises(SessionEndedError):
        sign_in.recognise_session(server, entered.session)


@pytest.mark.row("S3.4")
def test_a_session_that_waits_for_its_code_is_good_for_nothing_else(server: Satellite) -> None:
    """A wrong code leaves it waiting."""
    with server.database.write(SYSTEM) as unit:
        ann = factories.add_user(unit, "ann", Role.OPERATOR)
        session = sessions.begin(unit, USER_TABLES, ann.id, BROWSER, awaits_code=True)
    with pytest.raises(AppError):
        sign_in.recognise_session(server, session)
    with pytest.raises(CodeRefusedError):
        sign_in.sign_in_with_code(server, session, "000000", BROWSER)
    with pytest.raises(AppError):
        sign_in.recognise_session(server, session)


@pytest.mark.row("S3.4")
def test_what_is_dangerous_needs_a_password_that_was_entered_lately() -> None:
    """Ten minutes after it, it is asked for again."""
    actor, now = OPERATOR, datetime(2026, 1, 1, tzinfo=UTC)
    sign_in.require_step_up(sign_in.SignedInUser(actor, "operator", "1", now, now))
    with pytest.raises(StepUpNeededError):
        sign_in.require_step_up(sign_in.SignedInUser(actor, "operator", "1", now, None))


@pytest.mark.row("S3.4")
def test_a_second_step_counts_once_its_first_code_was_entered(server: Satellite) -> None:
    """A wrong code leaves it off; recovery codes are shown once; removed, it is off."""
    with server.database.write(SYSTEM) as unit:
        ann = factories.add_user(unit, "ann", Role.OPERATOR)
        unit.actor = factories.signed_in(ann)
        new = sign_in.own_of(server).begin_two_step(unit)
        unit.session.flush()
        session = sessions.begin(unit, USER_TABLES, ann.id, Browser("192.0.2.1"), awaits_code=False)
        step = step_of(unit.now)
    with pytest.raises(CodeRefusedError):
        sign_in.own_of(server).confirm_two_step(session, "abc")
    codes = sign_in.own_of(server).confirm_two_step(session, totp_code(new.secret, step))
    with server.database.write(sign_in.recognise_session(server, session).actor) as unit:
        assert sign_in.own_of(server).show_two_step(unit) == {"two_step": True, "recovery_codes_left": len(codes)}
        assert not set(sign_in.own_of(server).renew_recovery_codes(unit)) & set(codes)
        assert new.secret not in repr(new)
        removed = sign_in.own_of(server).remove_two_step(unit)
        unit.session.flush()
        assert removed == sign_in.own_of(server).show_two_step(unit) == {"two_step": False, "recovery_codes_left": 0}


@pytest.mark.row("S3.4")
def test_an_own_token_permits_no_more_than_ones_role() -> None:
    """Only a user who signed in has own tokens; that of a higher role is refused."""
    with unit_of() as unit:
        with pytest.raises(UnknownUserError):
            sign_in.list_own_tokens(unit)
        unit.actor = factories.signed_in(factories.add_user(unit, "ann", Role.OPERATOR))
        with pytest.raises(AppError):
            sign_in.create_own_token(unit, "script", "administrator", days=30)
        assert sign_in.list_own_tokens(unit) == []
        made = sign_in.create_own_token(unit, "script", "read-only", days=30)
        unit.session.flush()
        assert [one["id"] for one in sign_in.list_own_tokens(unit)] == [made["id"]]
        assert made["token"] not in str(sign_in.list_own_tokens(unit))
        assert sign_in.revoke_own_token(unit, made["id"])["state"] == "revoked"
