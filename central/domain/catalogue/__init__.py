"""Entitlements and products (row C3.3)."""
