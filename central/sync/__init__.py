"""Files of satellites in, files for satellites out (rows C11.1, C11.2)."""
