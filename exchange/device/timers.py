"""Periods of the device protocol, as the industry uses them (rows S4.1, S4.2, C7.5)."""

from __future__ import annotations

from datetime import timedelta

CERTIFICATE = timedelta(days=365)
CERTIFICATE_RENEWAL = timedelta(days=180)
CERTIFICATE_GRACE = timedelta(hours=1)
AUTHORIZATION = timedelta(days=90)
AUTHORIZATION_RENEWAL = timedelta(days=30)
SILENT_MINOR = (timedelta(days=30), timedelta(days=60))
SILENT_MAJOR = timedelta(days=90)
REMOVED = timedelta(days=365)
