"""The ledger: quantities of licences owned and in use, with their origin (rows C3.3, C3.4)."""
