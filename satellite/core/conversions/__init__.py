"""Requests of devices to convert their classic licences: kept for central, and what central decided (row C9.5)."""
