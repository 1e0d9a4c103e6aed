"""Synchronization by file: requests out, authorizations and responses in (rows S2.1–S2.6)."""
