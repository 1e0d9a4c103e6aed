"""Virtual accounts of this satellite (row S3.2)."""
