"""Interfaces of central for programs."""
