"""The clock."""

from __future__ import annotations

from satellite.actions.time import ACTS
from satellite.core.access.rules import Permission
from serverkit.http.operations import Access
from serverkit.http.time import time_operations

OPERATIONS = time_operations(ACTS, look=Access.SIGNED_IN, manage=Permission.SITE_MANAGE)
