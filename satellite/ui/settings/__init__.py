"""Settings of the site, each on its page."""

from __future__ import annotations

from satellite.ui.settings import backup, banner, mail, network, overview, syslog, time, tls, update, webhooks

URLS = tuple(
    url
    for module in (overview, time, tls, backup, mail, syslog, webhooks, network, banner, update)
    for url in module.URLS
)
