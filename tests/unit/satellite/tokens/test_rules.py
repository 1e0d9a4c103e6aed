"""What revoking and removing a token does, said before it is done."""

from __future__ import annotations

import pytest

from satellite.core.tokens.rules import judge_revocation, judge_token_removal


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("state", ["active", "used_up", "revoked", "expired"])
def test_only_a_token_that_registers_nothing_any_more_is_removed(state: str) -> None:
    """One whose uses are taken is revoked first; revoking is refused in no state."""
    usable = state in {"active", "used_up"}

    assert [reason.code for reason in judge_token_removal("t", state).reasons] == (["token_active"] if usable else [])
    assert judge_revocation("t", state).reasons == ()
    assert bool(judge_revocation("t", state).effects) is usable
