"""The clock."""

from __future__ import annotations

from satellite.actions.time import ACTS
from serverkit.http.time import time_operations

OPERATIONS = time_operations(ACTS)
