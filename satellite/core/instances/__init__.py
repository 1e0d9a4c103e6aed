"""Product instances of the site (rows S3.2, S4.1)."""
