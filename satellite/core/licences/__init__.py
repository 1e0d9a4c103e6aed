"""Licences of the site: owned and in use (row S3.2)."""
