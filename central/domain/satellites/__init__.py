"""Satellites: registration, epochs, synchronization deadlines (rows C11.1, C11.2, C11.3)."""
