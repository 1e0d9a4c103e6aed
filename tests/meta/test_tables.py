"""Every table of a console belongs to the page that shows it: views are saved of such a page only."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

import pytest

import central.ui
import satellite.ui
from central.ui.console import URLS as CENTRAL
from satellite.ui.console import URLS as SATELLITE
from serverkit.web.tables import Table
from serverkit.web.urls import Url


@pytest.mark.row("S3.2")
@pytest.mark.parametrize(("pages", "urls"), [(satellite.ui, SATELLITE), (central.ui, CENTRAL)])
def test_views_can_be_saved_of_every_table(pages: ModuleType, urls: Sequence[Url]) -> None:
    """Every table of a console is declared with the page that shows it, at the address that it says."""
    names = [one.name for one in walk_packages(pages.__path__, f"{pages.__name__}.")]
    tables = {id(one): one for name in names for one in vars(import_module(name)).values() if isinstance(one, Table)}
    shown = {id(url.table): url.path for url in urls if url.table is not None}
    assert len(tables) > 5
    assert shown == {key: one.path for key, one in tables.items()}
    assert len({one.name for one in tables.values()}) == len(tables)
