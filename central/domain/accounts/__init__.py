"""Smart accounts and virtual accounts (rows C1.1, C1.2, C1.3)."""
