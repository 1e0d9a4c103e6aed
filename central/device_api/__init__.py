"""The device protocol at central, for devices that are connected to it directly (rows S4.1–S4.4, S4.7)."""
