"""The site's domain: one folder per feature, each with the same file names."""
