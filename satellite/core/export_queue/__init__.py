"""Restricted licences on their way (rows S3.3, S4.4)."""
