"""The vendor's side: accounts, inventory, satellites, alerts."""

__version__ = "0.2.0"
