"""Activity at the site."""
