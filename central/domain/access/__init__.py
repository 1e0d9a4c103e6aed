"""Who may do what: users, roles and the one permission matrix (row C1.5)."""
