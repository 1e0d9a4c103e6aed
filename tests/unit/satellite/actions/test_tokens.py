"""Use cases of registration tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions import tokens
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.accounts.queries import UnknownVirtualAccountError
from satellite.core.site.errors import NotAuthorizedError
from serverkit.actor import OPERATOR
from serverkit.auth.tokens import TokenActiveError, UnknownTokenError
from serverkit.db.unit import Unit
from serverkit.secrets_box import SecretBox
from tests.unit.satellite.factories import add_virtual_account, person, unit_of


@pytest.fixture
def box(tmp_path: Path) -> SecretBox:
    """A key for secrets at rest."""
    SecretBox.create(tmp_path / "box")
    return SecretBox.open(tmp_path / "box")


def created(unit: Unit, box: SecretBox, name: str = "Site") -> tokens.TokenWithText:
    """A token for thirty days."""
    return tokens.create_token(unit, box, name, days=30, uses=None, export_controlled=False, description="rack 4")


@pytest.mark.row("S3.2")
def test_a_token_is_created_listed_revoked_and_removed(box: SecretBox) -> None:
    """Its text is known to its creator only, and it leaves the list after it was revoked."""
    with unit_of() as unit:
        add_virtual_account(unit, "Site")
        token = created(unit, box)

        assert token.view["state"] == "active"
        assert token.text not in repr(token)
        assert tokens.list_tokens(unit, "Site") == [token.view]
        assert [one.text for one in tokens.list_usable_tokens(unit, box, "Site")] == [token.text]
        with pytest.raises(TokenActiveError):
            tokens.remove_token(unit, token.view["id"])
        assert tokens.revoke_token(unit, token.view["id"])["state"] == "revoked"
        assert tokens.list_usable_tokens(unit, box, "Site") == []
        tokens.remove_token(unit, token.view["id"])
        assert tokens.list_tokens(unit) == []


@pytest.mark.row("S3.2")
def test_several_tokens_are_revoked_by_their_texts(box: SecretBox) -> None:
    """Each text has its own outcome, and a text of another virtual account is unknown."""
    with unit_of() as unit:
        add_virtual_account(unit, "Site")
        add_virtual_account(unit, "Spare")
        here, there = created(unit, box), created(unit, box, "Spare")

        assert tokens.revoke_tokens(unit, "Site", [{here.text}, {there.text}, {"pst-none"}]) == [True, False, False]
        assert [one.text for one in tokens.list_usable_tokens(unit, box, "Spare")] == [there.text]


@pytest.mark.row("S3.4")
def test_permission_comes_before_everything_else(box: SecretBox) -> None:
    """A reader learns neither whether a virtual account exists nor the text of a token."""
    with unit_of(person(Role.READ_ONLY)) as unit:
        for refused in (
            lambda: created(unit, box, "Nowhere"),
            lambda: tokens.list_usable_tokens(unit, box, "Nowhere"),
            lambda: tokens.revoke_tokens(unit, "Nowhere", [{"x"}]),
        ):
            with pytest.raises(NotPermittedError):
                refused()


@pytest.mark.row("S3.2")
def test_an_unknown_name_or_a_missing_authorization_is_refused_by_its_own_cause(box: SecretBox) -> None:
    """The authorization comes first, then the virtual account, then the token."""
    with unit_of(epoch=0) as unit, pytest.raises(NotAuthorizedError):
        created(unit, box)
    with unit_of(OPERATOR) as unit:
        with pytest.raises(UnknownVirtualAccountError):
            created(unit, box, "Nowhere")
        with pytest.raises(UnknownTokenError):
            tokens.revoke_token(unit, "0" * 32)


@pytest.mark.row("S3.2")
def test_the_verdict_on_a_token_is_what_then_happens(box: SecretBox) -> None:
    """For every state of a token, what the preview allows is done and what it refuses is refused for that reason."""
    with unit_of() as unit:
        add_virtual_account(unit, "Site")
        ids = [created(unit, box).view["id"] for _ in range(3)]
        tokens.revoke_token(unit, ids[1])

        revoking = tokens.judge_revocations(unit, [*ids, "0" * 32])
        removing = tokens.judge_removals(unit, [*ids, "0" * 32])

        assert [one.verdict.allowed for one in revoking] == [True, True, True, False]
        assert [bool(one.verdict.effects) for one in revoking] == [True, False, True, False]
        assert [one.verdict.allowed for one in removing] == [False, True, False, False]
        for one in removing:
            if one.verdict.allowed:
                tokens.remove_token(unit, one.id)
            else:
                with pytest.raises(type(one.verdict.reasons[0])):
                    tokens.remove_token(unit, one.id)
        assert {one["id"] for one in tokens.list_tokens(unit)} == {ids[0], ids[2]}
        assert tokens.show_token(unit, box, ids[0]).text.startswith("pst_")
