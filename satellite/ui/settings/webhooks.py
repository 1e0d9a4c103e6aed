"""Webhooks of the site (row B20)."""

from __future__ import annotations

from satellite.actions.webhooks import ACTS
from satellite.ui.settings.frame import MANAGE, PATH, UP
from serverkit.web.webhook_pages import WebhookPages

WEBHOOKS = f"{PATH}/webhooks"
PAGES = WebhookPages(ACTS, WEBHOOKS, MANAGE, "settings", UP)
HOOKS, DELIVERIES, URLS = PAGES.hooks, PAGES.log, PAGES.urls
