"""The clock."""

from __future__ import annotations

from chassis.api.time import time_operations
from satellite.time_desk import ACTS

OPERATIONS = time_operations(ACTS)
