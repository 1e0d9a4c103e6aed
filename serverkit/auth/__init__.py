"""Authentication shared by both servers."""
