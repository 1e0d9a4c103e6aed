"""The REST interface of a satellite: what each role may, files up and down, the same figures as the commands."""

from __future__ import annotations

import pytest

from satellite.app import make_app
from satellite.runtime import open_satellite
from tests.api.callers import Api, generated_calls, satellite_token
from tests.world import World


@pytest.fixture
def api(site: World) -> Api:
    """An administrator's program."""
    return Api(make_app(open_satellite(site.folder / "satellite")), satellite_token(site))


@pytest.mark.row("S3.4")
def test_generated_calls_find_no_fault_in_the_interface(api: Api) -> None:
    """Whatever is sent, the answer is one that the description names, in its media type and form; never a 500."""
    assert generated_calls(api, 8) >= 35
