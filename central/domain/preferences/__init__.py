"""What people and accounts prefer: mail about an account, flags of an account (rows C12.2, C12.3)."""
