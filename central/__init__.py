"""The vendor's side: accounts, inventory, satellites, alerts."""

__version__ = "0.1.0"
