"""The device protocol at a satellite (rows S4.1–S4.4, S4.7)."""
