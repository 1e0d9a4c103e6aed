"""What `/readyz` of central looks at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from central.actions.readiness import checks


@pytest.mark.row("S3.2")
def test_every_check_has_a_name_that_the_page_of_health_knows() -> None:
    """The page says of each what to do."""
    from central.ui.health import FIXES
    from serverkit.web.health_pages import FIXES as COMMON

    server: Any = SimpleNamespace()
    assert set(checks(server)) <= {*FIXES, *COMMON}
