"""What answers devices that are connected to central directly (rows S4.1–S4.4, S4.7): `app` is the edge, everything else its use cases."""
