"""What answers devices at a satellite (rows S4.1–S4.4, S4.7): `app` is the edge, everything else its use cases."""
