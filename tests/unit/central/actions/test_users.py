"""Users and their roles."""

from __future__ import annotations

import pytest

from central.actions.users import give_role, list_users, remove_role, set_password, who_am_i
from central.domain.access.errors import NotPermittedError
from serverkit.actor import Actor, ActorKind
from serverkit.names import NameTooSimilarError
from tests.unit.central.factories import DOMAIN, NOBODY, unit_of


@pytest.mark.row("C1.6")
def test_a_role_is_given_and_taken_and_the_user_stays() -> None:
    """The user is created with the first role."""
    with unit_of() as unit:
        given = give_role(unit, "ann", "account_administrator", DOMAIN)
        give_role(unit, "ann", "vendor_support")
        listed = {(one["name"], one["role"]) for one in list_users(unit, DOMAIN).items}
        remove_role(unit, "ann", "account_administrator", DOMAIN)

        assert (given["name"], given["account"]) == ("ann", DOMAIN)
        assert ("ann", "account_administrator") in listed
        assert [one["role"] for one in list_users(unit, DOMAIN).items if one["name"] == "ann"] != [
            "account_administrator"
        ]


@pytest.mark.row("C1.6")
def test_a_user_without_a_role_gives_no_role_and_learns_of_no_user() -> None:
    """The refusal of a password is the same for a user that is there and one that is not."""
    with unit_of() as unit:
        give_role(unit, "ann", "vendor_support")
        unit.actor = NOBODY
        for name in ("ann", "nobody-else"):
            with pytest.raises(NotPermittedError):
                set_password(unit, name, "correct horse battery staple")
        with pytest.raises(NotPermittedError):
            give_role(unit, "ann", "vendor_administrator")
        assert who_am_i(unit)["roles"] == []


@pytest.mark.row("C1.5")
def test_who_manages_the_users_of_an_account_learns_no_name_of_another_user() -> None:
    """A name that reads like that of a stranger is refused without the stranger's name; that of an own user is named."""
    with unit_of() as unit:
        ann = give_role(unit, "ann", "account_administrator", DOMAIN)
        give_role(unit, "Margaret Lee", "vendor_support")
        unit.session.flush()
        unit.actor = Actor(ActorKind.USER, ann["id"], "ann")
        with pytest.raises(NameTooSimilarError) as refused:
            give_role(unit, "M\u0430rgaret Lee", "account_user", DOMAIN)
        assert "Margaret Lee" not in refused.value.message
        with pytest.raises(NameTooSimilarError, match="'ann', which is there"):
            give_role(unit, "\u0430nn", "account_user", DOMAIN)
