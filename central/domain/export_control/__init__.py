"""Restricted licences: requests, grants, returns (rows C8.1, C8.2, C8.3)."""
