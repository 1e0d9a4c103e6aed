"""Users of a site and their roles."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions import users
from satellite.actions.event_log import list_events
from satellite.core.access.errors import LastAdministratorError, NotPermittedError, UnknownUserError
from satellite.core.access.models import USER_TABLES
from satellite.core.access.rules import MATRIX, Role
from satellite.core.site.queries import site_of
from serverkit.actor import OPERATOR
from serverkit.users import sessions
from serverkit.users.errors import UnknownSessionError, WeakPasswordError
from serverkit.users.tables import Browser
from tests.unit.satellite.factories import add_user, person, server_of, unit_of

PASSWORD = "correct horse battery staple"


@pytest.mark.row("S3.4", "S1.1")
def test_the_first_administrator_makes_the_setup_code_void(tmp_path: Path) -> None:
    """A weak password makes no user; the list shows no password."""
    server = server_of(tmp_path)
    with server.database.write(OPERATOR) as unit:
        with pytest.raises(WeakPasswordError):
            users.add_user(server, unit, "ann", "administrator", "ann")
        assert users.list_users(unit).items == []
        assert site_of(unit).setup_code_hash
        added = users.add_user(server, unit, "ann", "administrator", PASSWORD)
        assert not site_of(unit).setup_code_hash
        assert (added["name"], added["role"]) == ("ann", "administrator")
        assert PASSWORD not in str(added)
        assert [one["name"] for one in users.list_users(unit).items] == ["ann"]
    server.database.dispose()


@pytest.mark.row("S3.4")
def test_an_administrator_always_remains() -> None:
    """The preview says what happens; refused, nothing changes; each change writes its event."""
    with unit_of() as unit:
        add_user(unit, "ann", Role.ADMINISTRATOR)
        for refused in (lambda: users.change_role(unit, "ann", "operator"), lambda: users.remove_user(unit, "ann")):
            with pytest.raises(LastAdministratorError):
                refused()
        assert not users.judge_removal(unit, "ann").allowed
        assert users.show_user(unit, "ann")["role"] == "administrator"

        add_user(unit, "bob", Role.ADMINISTRATOR)
        assert users.change_role(unit, "ann", "operator")["role"] == "operator"
        assert users.remove_user(unit, "ann") == {"name": "ann", "removed": True}
        with pytest.raises(UnknownUserError):
            users.show_user(unit, "ann")
        unit.session.flush()
        assert all("ann" in one["message"] for one in list_events(unit)[:2])


@pytest.mark.row("S3.4")
def test_only_who_manages_access_learns_of_users() -> None:
    """The refusal is the same for a user that is there and one that is not."""
    with unit_of(person(Role.OPERATOR)) as unit:
        add_user(unit, "ann", Role.ADMINISTRATOR)
        for name in ("ann", "zoe"):
            for refused in (users.show_user, users.remove_user, users.unlock_user, users.judge_removal):
                with pytest.raises(NotPermittedError):
                    refused(unit, name)
        assert users.show_matrix() == {role.value: sorted(MATRIX[role]) for role in Role}


@pytest.mark.row("S3.4")
def test_a_session_is_listed_and_revoked_once(tmp_path: Path) -> None:
    """The secret of a session is not in the list; that of another user is unknown."""
    server = server_of(tmp_path)
    with server.database.write(OPERATOR) as unit:
        ann, _ = add_user(unit, "ann", Role.ADMINISTRATOR), add_user(unit, "bob", Role.READ_ONLY)
        secret = sessions.begin(unit, USER_TABLES, ann.id, Browser("10.0.0.1", "Browser"), awaits_code=False)
        unit.session.flush()
        listed = users.list_sessions(server, unit, "ann")

        assert len(listed) == 1
        assert secret not in str(listed)
        with pytest.raises(UnknownSessionError):
            users.revoke_session(server, unit, listed[0]["id"], "bob")
        assert users.revoke_session(server, unit, listed[0]["id"], "ann")["revoked"] is True
        unit.session.flush()
        assert users.list_sessions(server, unit, "ann") == []
        assert list_events(unit)[0]["message"] == "a session of ann was revoked"
    server.database.dispose()
