"""Who may do what on this satellite over HTTP: roles, permissions, access tokens (row S3.4)."""
