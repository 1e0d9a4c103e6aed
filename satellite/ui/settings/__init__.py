"""Settings of the site, each on its page."""

from __future__ import annotations

from satellite.ui.settings import backup, overview, time, tls

URLS = (*overview.URLS, *time.URLS, *tls.URLS, *backup.URLS)
