"""Registration tokens as people and programs use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.tokens import create_token, list_tokens, list_usable_tokens, remove_token, revoke_token
from central.domain.tokens.errors import ExportNotPermittedError
from serverkit.auth.tokens import InvalidTokenTermsError, TokenActiveError, UnknownTokenError
from serverkit.secrets_box import SecretBox
from tests.unit.central.factories import DOMAIN, POOL, unit_of

TERMS = {"days": 30, "uses": None, "export_controlled": False, "description": ""}


@pytest.mark.row("C2.2", "C2.3", "B8")
def test_a_token_is_created_shown_again_revoked_and_then_removed(tmp_path: Path) -> None:
    """Its text is shown to those who may see it; a token that stands is not removed."""
    box = SecretBox.create(tmp_path / "secrets.key")
    with unit_of() as unit:
        _, made = create_token(unit, box, DOMAIN, POOL, **TERMS)
        texts = [one.text for one in list_usable_tokens(unit, box, DOMAIN, POOL)]
        with pytest.raises(TokenActiveError):
            remove_token(unit, DOMAIN, made["id"])
        assert revoke_token(unit, DOMAIN, made["id"])["state"] == "revoked"
        remove_token(unit, DOMAIN, made["id"])

        assert texts == [made["token"]]
        assert list_tokens(unit, DOMAIN).items == []
        with pytest.raises(UnknownTokenError):
            revoke_token(unit, DOMAIN, made["id"])


@pytest.mark.row("C2.2", "C8.1")
def test_terms_and_permission_are_looked_at_before_a_token_is_made(tmp_path: Path) -> None:
    """No token is left behind by a refusal."""
    box = SecretBox.create(tmp_path / "secrets.key")
    with unit_of() as unit:
        for change, refusal in (
            ({"days": 0}, InvalidTokenTermsError),
            ({"uses": 0}, InvalidTokenTermsError),
            ({"export_controlled": True}, ExportNotPermittedError),
        ):
            with pytest.raises(refusal):
                create_token(unit, box, DOMAIN, POOL, **{**TERMS, **change})
        assert list_tokens(unit, DOMAIN).items == []
