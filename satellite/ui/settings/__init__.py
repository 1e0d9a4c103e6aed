"""Settings of the site, each on its page."""

from __future__ import annotations

from satellite.ui.settings import backup, mail, overview, syslog, time, tls

URLS = tuple(url for module in (overview, time, tls, backup, mail, syslog) for url in module.URLS)
