"""The export-authorization queue: requests for restricted licences (rows S3.3, S4.4)."""
