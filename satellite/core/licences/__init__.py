"""What the site owns and uses (row S3.2)."""
