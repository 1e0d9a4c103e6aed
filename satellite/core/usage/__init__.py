"""Measured use of devices: booked by month, once for each report, and passed on to central."""
