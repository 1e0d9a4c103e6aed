"""Alerts of the site (row S3.2)."""
