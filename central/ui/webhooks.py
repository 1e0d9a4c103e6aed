"""Webhooks of the vendor (row B20)."""

from __future__ import annotations

from central.actions.webhooks import ACTS
from central.domain.access.rules import Permission
from serverkit.web.webhook_pages import WebhookPages

PAGES = WebhookPages(ACTS, "/webhooks", Permission.VENDOR_MANAGE, "webhooks")
HOOKS, DELIVERIES, URLS = PAGES.hooks, PAGES.log, PAGES.urls
