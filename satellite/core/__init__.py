"""What a site keeps: one folder a feature, each with the same file names."""
