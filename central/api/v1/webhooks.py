"""Webhooks."""

from __future__ import annotations

from central.actions.webhooks import ACTS
from central.domain.access.rules import Permission
from serverkit.http.webhooks import webhook_operations

OPERATIONS = webhook_operations(ACTS, manage=Permission.VENDOR_MANAGE)
