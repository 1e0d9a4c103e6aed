"""What the vendor keeps: one folder a feature, each with the same file names."""
