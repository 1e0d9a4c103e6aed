"""The vendor's policies, such as how satellites are authorized (rows C10.3, C11.1)."""
