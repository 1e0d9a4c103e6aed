"""Files that people carry: what is in each, and the numbered checks of its reader."""
