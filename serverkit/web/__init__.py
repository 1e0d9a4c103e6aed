"""The kit of the consoles: every page of both servers stands on it; it knows no licences."""
