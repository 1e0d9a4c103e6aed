"""The alert catalogue and what raises and clears each kind (rows C10.1, C10.2, C10.4)."""
