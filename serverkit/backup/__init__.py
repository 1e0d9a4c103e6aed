"""Backups: one encrypted file for a whole home, checked before anything is overwritten."""
