"""Profiles of the property tests: a fast one for every run, a thorough one for nights.

PERIGEE_PROFILE=thorough multiplies walks and examples; PERIGEE_SEED=N walks from another first seed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.property.small_world import build_template

THOROUGH = os.environ.get("PERIGEE_PROFILE") == "thorough"
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]

settings.register_profile("fast", max_examples=40, deadline=None, derandomize=True, suppress_health_check=_QUIET)
settings.register_profile("thorough", max_examples=2000, deadline=None, suppress_health_check=_QUIET)
settings.load_profile("thorough" if THOROUGH else "fast")


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: the walks promise nothing about disks, and syncing costs most of them."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="perigee-walk-", dir=parent))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(memory: Path) -> Path:
    """A vendor and a site with two registered devices, set up once."""
    folder = memory / "template"
    folder.mkdir()
    return build_template(folder)
