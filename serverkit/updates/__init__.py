"""Offline updates: a file that the vendor's release key signed, and the helper that installs it as root."""
