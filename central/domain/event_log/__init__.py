"""Activity: events and licence transactions (rows C7.7, C12.4)."""
