"""Registration tokens: their terms, and why one registers nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from serverkit.auth.tokens import InvalidTokenTermsError, TokenUse, check_terms

NOW = datetime(2027, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.mark.row("C2.2", "S3.2")
@pytest.mark.parametrize(
    ("use", "state", "first", "again"),
    [
        (TokenUse(False, LATER, 0, None), "active", "", ""),
        (TokenUse(False, LATER, 4, 5), "active", "", ""),
        (TokenUse(False, LATER, 5, 5), "used_up", "used_up", ""),
        (TokenUse(False, NOW, 5, 5), "expired", "expired", "expired"),
        (TokenUse(True, NOW, 5, 5), "revoked", "revoked", "revoked"),
    ],
)
def test_a_token_registers_until_it_is_revoked_expired_or_used_up(
    use: TokenUse, state: str, first: str, again: str
) -> None:
    """Its end is the first moment at which it is expired; one that is used up still answers a repetition."""
    assert use.state(NOW) == state
    assert (use.refused_because(NOW), use.refused_because(NOW, again=True)) == (first, again)


@pytest.mark.row("C2.2", "S3.2")
def test_a_token_lasts_a_year_at_most_and_is_used_at_least_once() -> None:
    """1 to 365 days; no limit of uses, or 1 to 1,000,000."""
    for days, uses in ((1, None), (365, 1), (30, 1_000_000)):
        check_terms(days, uses)
    for days, uses in ((0, None), (366, None), (30, 0), (30, 1_000_001)):
        with pytest.raises(InvalidTokenTermsError):
            check_terms(days, uses)
