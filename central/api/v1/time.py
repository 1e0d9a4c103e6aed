"""The clock."""

from __future__ import annotations

from central.domain.access.rules import Permission
from central.time_service import ACTS
from serverkit.http.time import time_operations

OPERATIONS = time_operations(ACTS, look=Permission.VENDOR_MANAGE, manage=Permission.VENDOR_MANAGE)
