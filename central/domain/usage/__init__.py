"""Measured use: what devices reported, booked by month, for licences that are billed or shown by it."""
