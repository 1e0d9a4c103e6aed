"""Synchronization in the browser (rows S1.4, S2.1-S2.7)."""

from __future__ import annotations

from satellite.ui.sync import doctor, history, now, overview, preview, resync, settings

URLS = tuple(url for module in (overview, now, preview, history, settings, doctor, resync) for url in module.URLS)
