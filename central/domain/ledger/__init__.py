"""Who owns and uses how much of what, and why (rows C3.3, C3.4)."""
