"""The clock."""

from __future__ import annotations

from central.time_desk import ACTS
from chassis.api.time import time_operations

OPERATIONS = time_operations(ACTS)
