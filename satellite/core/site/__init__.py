"""The satellite itself: registration, account, epoch, policy (rows S1.2, S1.5)."""
