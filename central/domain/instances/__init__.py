"""Product instances (rows C7.1, C7.6, C7.7)."""
