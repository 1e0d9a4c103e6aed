"""Transfers of licences between virtual accounts (row C4.1)."""
