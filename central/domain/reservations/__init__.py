"""Licences that are held for devices without any network, by codes that people carry (rows C6.1, C6.2, C6.5, C6.8)."""
