"""Upgrades of licences: pending until the licences that they replace are named (row C5.1)."""
