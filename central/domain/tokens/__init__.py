"""Registration tokens (rows C2.1, C2.2, C2.3)."""
