"""The steps of the set-up, each resumable; the pages come on top of them (rows S1.2, S1.5)."""
