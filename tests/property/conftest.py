"""What the property tests share: a folder in memory, and a world to copy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.property.small_world import build_template


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
