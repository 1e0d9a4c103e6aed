"""The clock."""

from __future__ import annotations

from central.actions.time import ACTS
from central.domain.access.rules import Permission
from serverkit.http.time import time_operations

OPERATIONS = time_operations(ACTS, look=Permission.VENDOR_MANAGE, manage=Permission.VENDOR_MANAGE)
