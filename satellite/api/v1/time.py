"""The clock."""

from __future__ import annotations

from satellite.time_service import ACTS
from serverkit.http.time import time_operations

OPERATIONS = time_operations(ACTS)
