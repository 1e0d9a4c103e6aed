"""Webhooks."""

from __future__ import annotations

from satellite.actions.webhooks import ACTS
from satellite.core.access.rules import Permission
from serverkit.http.webhooks import webhook_operations

OPERATIONS = webhook_operations(ACTS, manage=Permission.SITE_MANAGE)
