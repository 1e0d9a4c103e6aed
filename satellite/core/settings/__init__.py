"""Settings of the site that pages and commands change."""
