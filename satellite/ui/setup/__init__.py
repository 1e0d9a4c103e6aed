"""The set-up in the browser: the first administrator, then five steps that commands may take as well (rows S1.1-S1.5)."""

from __future__ import annotations

from satellite.ui.setup import finish, first, machine, register, restore, time, way

URLS = tuple(url for module in (first, machine, register, time, way, finish, restore) for url in module.URLS)
