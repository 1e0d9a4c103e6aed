"""The vendor's side: accounts, inventory, satellites, alerts."""
