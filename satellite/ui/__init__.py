"""The console of a satellite: pages for the people of a site."""
