"""Root, role keys and how they change (row E2)."""
