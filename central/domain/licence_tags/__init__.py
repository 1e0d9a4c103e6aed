"""Tags on licences and lots (row C3.7)."""
