"""What happened at the site."""
