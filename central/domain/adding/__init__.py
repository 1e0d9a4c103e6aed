"""Licences that a product is entitled to, added to inventory from one of its instances (row C7.4)."""
