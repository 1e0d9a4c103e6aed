"""Synchronization at central: files from satellites and files for satellites (rows C11.1, C11.2)."""
