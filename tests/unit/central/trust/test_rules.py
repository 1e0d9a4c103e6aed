"""Root and role keys that have ended are told from those that stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from central.domain.trust.rules import ROLE_LIFE, ROOT_LIFE, ended_key, ended_root, first_root, with_role_key
from exchange.keys import PrivateKey
from exchange.vocabulary import Role

T0 = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.row("E2")
def test_a_root_and_each_role_key_end_on_their_own_day() -> None:
    """A replaced key counts by its successor; the root and its keys have ends of their own."""
    keys = [PrivateKey.generate().public for _ in range(5)]
    root = first_root("0" * 32, "Vendor", keys[:3], {Role.RESPONSE: keys[3], Role.GRANT: keys[4]}, T0, lab=False)
    newer = with_role_key(root, Role.RESPONSE, PrivateKey.generate().public, T0 + timedelta(days=300), revoke=False)
    hour = timedelta(hours=1)

    assert ended_root(root, T0 + ROOT_LIFE - hour) is None
    midnight = replace(root, expires=datetime(2028, 12, 1, tzinfo=UTC))
    assert "until the end of 30 Nov 2028 UTC" in str(ended_root(midnight, T0 + 2 * ROOT_LIFE))  # the last day counts
    assert ended_key(root, Role.RESPONSE, T0 + ROLE_LIFE - hour) is None
    assert ended_key(root, Role.RESPONSE, T0 + ROLE_LIFE + hour) is not None
    assert ended_key(newer, Role.RESPONSE, T0 + ROLE_LIFE + hour) is None
    assert ended_key(newer, Role.GRANT, T0 + ROLE_LIFE + hour) is not None
