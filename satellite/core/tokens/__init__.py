"""Registration tokens, made here (row S3.2)."""
